local function f() return 1, 2; end
print(f())  -- expect: 1	2
