local t = setmetatable({}, {__newindex = function(t, k, v) rawset(t, k, v * 2) end})
t.x = 1
t.x = 5
print(t.x)  -- expect: 5
