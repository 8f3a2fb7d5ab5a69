local a, b = "outer a", "outer b"
local function f(a) return a, b end
print(f("inner"))  -- expect: inner	outer b
