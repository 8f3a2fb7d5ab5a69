local function f() end
f() = 1  -- expect syntax error: syntax error near '='
