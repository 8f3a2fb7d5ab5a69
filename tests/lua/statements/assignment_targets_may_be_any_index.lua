local t = {inner = {}}
local function get() return t end
t.a, t["b"], t.inner.c, get().d = 1, 2, 3, 4
print(t.a, t.b, t.inner.c, t.d)  -- expect: 1	2	3	4
