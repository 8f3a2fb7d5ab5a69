local object = setmetatable({}, {__call = {}})
print(pcall(function() return object() end)) -- expect: false	a_tail_call_of_a_bad_call_metamethod_has_a_position.lua:2: attempt to call a table value (upvalue 'object')
