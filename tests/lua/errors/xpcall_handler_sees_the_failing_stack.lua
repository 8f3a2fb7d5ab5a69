local depth = 0
local function fail() local marker = {} ; error(marker) end
print(xpcall(fail, function(e) return type(e) end))  -- expect: false	table
