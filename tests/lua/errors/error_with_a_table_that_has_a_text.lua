error(setmetatable({}, {__tostring = function() return "custom text" end}))  -- expect bare error: custom text
