local t = {x = 1}
print(next(t))       -- expect: x	1
print(next(t, "x"))  -- expect: nil
print(next({}))      -- expect: nil
