local function f(...) return (...).x end  -- expect error: attempt to index a nil value
print((f(nil)))
