print(1 << -1, 16 >> -2)                           -- expect: 0	64
print(8 << -2)                                     -- expect: 2
print(1 << math.mininteger, 1 >> math.mininteger)  -- expect: 0	0
