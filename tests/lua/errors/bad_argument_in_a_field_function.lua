local m = {floor = math.floor}
m.floor("x")  -- expect error: bad argument #1 to 'floor' (number expected, got string)
