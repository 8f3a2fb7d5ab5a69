local o = setmetatable({}, {__add = function(a, b) return type(a) .. " " .. type(b) end})
print("10" + o, o + "10", 1 + o)  -- expect: string table	table string	number table
