local inner = setmetatable({}, {__call = function(_, outer, x) return type(outer), x end})
local outer = setmetatable({}, {__call = inner})
print(outer(7))  -- expect: table	7
