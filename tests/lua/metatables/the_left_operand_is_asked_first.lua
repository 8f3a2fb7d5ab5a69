local a = setmetatable({}, {__add = function() return "left" end})
local b = setmetatable({}, {__add = function() return "right" end})
print(a + b, b + a, 1 + b)  -- expect: left	right	right
