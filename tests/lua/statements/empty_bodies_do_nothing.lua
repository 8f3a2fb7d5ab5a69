if true then end
for _ = 1, 3 do end
for _ in pairs {} do end
while false do end
repeat until true
local function f() end
print(f())  -- expect:
