print(math.ult(1, 2), math.ult(-1, 1), math.ult(1, -1))  -- expect: true	false	true
