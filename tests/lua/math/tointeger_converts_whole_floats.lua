print(math.tointeger(3.0), math.tointeger(3.5), math.tointeger(2^63))  -- expect: 3	nil	nil
print(math.tointeger("8"), math.tointeger({}), math.tointeger(7))      -- expect: 8	nil	7
