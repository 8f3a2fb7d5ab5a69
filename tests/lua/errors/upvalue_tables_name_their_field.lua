local M = {}
local function f() return M.option.value end  -- expect error: attempt to index a nil value (field 'option')
print((f()))
