local t = {n = 5}
function t:get(k) return self[k] end
local function f() return t:get("n") end
local function g(...) return select(2, ...) end
print(f(), g("a", "b", "c"))  -- expect: 5	b	c
