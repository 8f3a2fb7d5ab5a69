local o = setmetatable({}, {__tostring = function() return {} end})
print(pcall(tostring, o))  -- expect: false	'__tostring' must return a string
