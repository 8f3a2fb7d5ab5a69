local function f(...) local t = {..., "last"} local u = {"first", ...} return #t, #u end
print(f(1, 2, 3))  -- expect: 2	4
