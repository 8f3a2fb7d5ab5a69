local t = setmetatable({}, {__newindex = function(t, k, v)
  if k == "b" then error("refused", 0) end
  rawset(t, k, v)
end})
print(pcall(function() t.a, t.b, t.c = 1, 2, 3 end))  -- expect: false	refused
print(t.a, t.b, t.c)                                  -- expect: nil	nil	3
