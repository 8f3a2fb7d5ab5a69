local mt = {}
mt.__idiv = function(a, b) return (tonumber(a) or a.v) .. "//" .. (tonumber(b) or b.v) end
local o = setmetatable({v = "o"}, mt)
print(o // 2, 2 // o)  -- expect: o//2	2//o
