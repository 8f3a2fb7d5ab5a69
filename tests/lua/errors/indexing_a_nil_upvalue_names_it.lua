local t
local function f() return t.x end  -- expect error: attempt to index a nil value (upvalue 't')
print((f()))
