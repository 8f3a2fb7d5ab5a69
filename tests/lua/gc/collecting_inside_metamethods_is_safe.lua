local mt = {}
mt.__add = function(a, b) collectgarbage() return setmetatable({v = a.v + b.v}, mt) end
mt.__index = function(_, k) collectgarbage() return k end
local a, b = setmetatable({v = 1}, mt), setmetatable({v = 2}, mt)
print((a + b + a).v, a.other)  -- expect: 4	other
