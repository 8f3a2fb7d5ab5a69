print(math.abs(-5), math.abs(5.5), math.abs(-0.0))   -- expect: 5	5.5	0.0
print(math.abs(math.mininteger) == math.mininteger)  -- expect: true
