print(1/0, -1/0, math.huge // 1)  -- expect: inf	-inf	inf
