local n = 0
for i = 1, 0 do n = n + 1 end
for i = 0, 1, -1 do n = n + 1 end
for _ in pairs {} do n = n + 1 end
while false do n = n + 1 end
if nil then n = n + 1 end
print(n)  -- expect: 0
