local function kilobytes() collectgarbage() return collectgarbage("count") end
local before = kilobytes()
for _ = 1, 2000 do local a, b = {}, {} a.b, b.a = b, a end
print(kilobytes() - before < 50)  -- expect: true
