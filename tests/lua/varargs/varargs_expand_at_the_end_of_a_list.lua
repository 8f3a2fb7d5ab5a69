local function f(...) return 0, ... end
print(f(1, 2))  -- expect: 0	1	2
print(f())      -- expect: 0
