local t = {}
for i = 1, 100 do t[i] = i end
print(#t)  -- expect: 100
for i = 100, 51, -1 do t[i] = nil end
print(#t)  -- expect: 50
