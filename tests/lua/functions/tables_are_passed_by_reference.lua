local function fill(t) t.x = 1 t = {x = 2} end
local t = {}
fill(t)
print(t.x)  -- expect: 1
