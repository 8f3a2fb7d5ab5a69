print(setmetatable({}, {__tostring = function() return "shown" end}))  -- expect: shown
print()                                                                -- expect:
