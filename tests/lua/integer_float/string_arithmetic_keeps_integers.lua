print(math.type("10" + 0), math.type("10" + 0.0), math.type("10.0" + 0))  -- expect: integer	float	float
print("9223372036854775807" + 1)                                          -- expect: -9223372036854775808
