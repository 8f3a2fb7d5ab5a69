local a = {1, 2, 3}
local i = 1
i, a[i], a[i + 1] = 3, a[i + 1], a[i]
print(i, a[1], a[2], a[3])  -- expect: 3	2	1	3
