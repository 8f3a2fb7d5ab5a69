local n
local function f()
  n = n * 2  -- expect error: attempt to perform arithmetic on a nil value (upvalue 'n')
end
f()
