local mt = {}
local t = setmetatable({}, mt)
print(t.x)  -- expect: nil
mt.__index = {x = "late"}
print(t.x)  -- expect: late
mt.__index = nil
print(t.x)  -- expect: nil
