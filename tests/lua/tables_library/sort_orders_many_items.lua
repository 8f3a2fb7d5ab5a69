local t, seed = {}, 42
for i = 1, 500 do seed = (seed * 1103515245 + 12345) % 2^31 t[i] = seed // 1 | 0 end
table.sort(t)
local sorted = true
for i = 2, #t do sorted = sorted and t[i - 1] <= t[i] end
print(#t, sorted)  -- expect: 500	true
