print(#setmetatable({}, {__len = function() return 42 end}))      -- expect: 42
print(#setmetatable({}, {__len = function() return "long" end}))  -- expect: long
