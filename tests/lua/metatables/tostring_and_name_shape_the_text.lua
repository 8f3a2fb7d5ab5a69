print(tostring(setmetatable({}, {__tostring = function() return "text" end})))  -- expect: text
print((tostring(setmetatable({}, {__name = "My.Type"})):gsub(": .*", "")))      -- expect: My.Type
