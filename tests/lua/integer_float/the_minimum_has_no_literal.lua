print(-9223372036854775808)                              -- expect: -9.2233720368548e+18
print(math.mininteger, math.type(-9223372036854775808))  -- expect: -9223372036854775808	float
