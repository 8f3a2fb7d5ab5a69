print(pcall(tostring, setmetatable({}, {__tostring = function() error("in tostring", 0) end})))  -- expect: false	in tostring
