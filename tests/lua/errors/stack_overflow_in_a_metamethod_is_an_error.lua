local t = setmetatable({}, {})
getmetatable(t).__index = function(t, k) return t[k .. "x"] end
local ok, message = pcall(function() return t.x end)
print(ok, message:match("stack overflow"))  -- expect: false	stack overflow
