print(("%s!"):format(setmetatable({}, {__tostring = function() return "object" end})))  -- expect: object!
