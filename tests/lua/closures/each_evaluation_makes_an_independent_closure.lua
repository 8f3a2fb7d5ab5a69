local function make(x) return function() x = x + 1 return x end end
local f, g = make(0), make(0)
f() f()
print(f(), g(), f == g)  -- expect: 3	1	false
