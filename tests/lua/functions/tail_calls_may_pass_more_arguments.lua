local function g(...) return select("#", ...), ... end
local function f(a) return g(a, a + 1, a + 2) end
print(f(1))  -- expect: 3	1	2	3
