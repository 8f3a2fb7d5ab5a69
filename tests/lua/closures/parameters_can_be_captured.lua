local function bind(f, a) return function(...) return f(a, ...) end end
print(bind(math.max, 5)(3, 4), bind(select, 2)("a", "b"))  -- expect: 5	b
