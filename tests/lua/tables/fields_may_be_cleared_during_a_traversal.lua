local t = {}
for i = 1, 100 do t["k" .. i] = i end
local seen = 0
for k in pairs(t) do t[k] = nil seen = seen + 1 end
print(seen, next(t))  -- expect: 100	nil
