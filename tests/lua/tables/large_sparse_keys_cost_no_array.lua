local t = {}
t[1 << 40], t[math.maxinteger], t[math.mininteger] = 1, 2, 3
print(t[1 << 40], t[math.maxinteger], t[math.mininteger], #t)  -- expect: 1	2	3	0
