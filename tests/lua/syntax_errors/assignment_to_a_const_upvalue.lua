local x <const> = 1
local function f() x = 2 end  -- expect syntax error: attempt to assign to const variable 'x'
