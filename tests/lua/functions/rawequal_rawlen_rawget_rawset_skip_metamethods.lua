local t = setmetatable({1, 2}, {
  __index = function() return "default" end, __newindex = error,
  __len = function() return 99 end, __eq = function() return true end,
})
print(t.x, rawget(t, "x"))                                      -- expect: default	nil
rawset(t, "x", 1)
print(t.x, #t, rawlen(t))                                       -- expect: 1	99	2
print(t == setmetatable({}, getmetatable(t)), rawequal(t, {}))  -- expect: true	false
