local t = setmetatable({}, {__newindex = function(_, k) io.write(k, " ") end})
t.a, t.b, t.c = 1, 2, 3
print()  -- expect: c b a
