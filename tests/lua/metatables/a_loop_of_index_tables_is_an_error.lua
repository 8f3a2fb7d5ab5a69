local a, b = {}, {}
setmetatable(a, {__index = b})
setmetatable(b, {__index = a})
print(pcall(function() return a.x end))  -- expect: false	a_loop_of_index_tables_is_an_error.lua:4: '__index' chain too long; possible loop
