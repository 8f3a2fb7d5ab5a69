local function tail(x) return tostring(x) end
local function deep(n) if n > 0 then return (pcall(deep, n - 1)) end return tail(n) end
for i = 1, 1000 do tail(i) end
for i = 1, 100 do deep(150) end
print(pcall(deep, 150))  -- expect: true	true
