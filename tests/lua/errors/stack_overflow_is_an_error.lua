local function f() return 1 + f() end
local ok, message = pcall(f)
print(ok, message:match("stack overflow"))  -- expect: false	stack overflow
