local function f(...) return (...) end
print(f(1, 2), f())  -- expect: 1	nil
