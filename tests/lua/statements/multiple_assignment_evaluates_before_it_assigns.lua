local a, b = 1, 2
a, b = b, a
print(a, b)           -- expect: 2	1
local i, t = 1, {}
i, t[i] = i + 1, 20
print(i, t[1], t[2])  -- expect: 2	20	nil
