print(6 / 2, 7 / 2, -1 / 2)  -- expect: 3.0	3.5	-0.5
print(1 / 0, -1 / 0)         -- expect: inf	-inf
