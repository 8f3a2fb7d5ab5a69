local t = setmetatable({}, {__index = function(self, k) return k .. "!" end})
print(t.x, t[1], rawget(t, "x"))  -- expect: x!	1!	nil
