local object = setmetatable({}, {__call = function(_, x) return math.floor(x) end})
local function f(x) return object(x) end
local function g(x) return tostring(f(x)) end
local out = {}
for i = 1, 5 do out[i] = g(i + 0.5) end
print(table.concat(out, " "))  -- expect: 1 2 3 4 5
