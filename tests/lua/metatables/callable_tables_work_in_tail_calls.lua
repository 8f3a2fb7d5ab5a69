local o = setmetatable({}, {__call = function(_, x) return x + 1 end})
local function f(x) return o(x) end
print(f(1))  -- expect: 2
