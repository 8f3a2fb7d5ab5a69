print(9223372036854775808)               -- expect: 9.2233720368548e+18
print(math.type(100000000000000000000))  -- expect: float
