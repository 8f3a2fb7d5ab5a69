local calls = 0
local mt = {__eq = function(a, b) calls = calls + 1 return a.id == b.id end}
local a, b = setmetatable({id = 1}, mt), setmetatable({id = 1}, mt)
print(a == b, a ~= b, a == a, a == 1, calls)  -- expect: true	false	true	false	2
