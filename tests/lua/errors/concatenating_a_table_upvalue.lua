local t = {}
local function f()
  return "t: " .. t  -- expect error: attempt to concatenate a table value (upvalue 't')
end
print((f()))
