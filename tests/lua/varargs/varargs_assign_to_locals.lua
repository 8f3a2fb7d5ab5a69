local function f(...) local a, b, c = ... return c, b, a end
print(f(1, 2))  -- expect: nil	2	1
