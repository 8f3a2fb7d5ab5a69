local t = setmetatable({}, {__index = function(_, k) return k .. k end})
print(("abc"):gsub("%a", t))  -- expect: aabbcc	3
