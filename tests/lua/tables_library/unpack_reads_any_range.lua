local t = {[-1] = "a", [0] = "b", [1] = "c"}
print(table.unpack(t, -1, 1))                                -- expect: a	b	c
print((table.unpack({}, math.maxinteger, math.maxinteger)))  -- expect: nil
