local o = setmetatable({}, {__index = function() return 1, 2 end, __add = function() return 3, 4 end,
  __call = function() return 5, 6 end})
print(o.x, (o + o))  -- expect: 1	3
print(o.x)           -- expect: 1
print(o())           -- expect: 5	6
