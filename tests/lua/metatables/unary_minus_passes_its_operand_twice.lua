local o = setmetatable({}, {__unm = function(a, b) return rawequal(a, b) end})
print(-o)  -- expect: true
