local a = setmetatable({}, {__index = setmetatable({b = 2}, {__index = {c = 3}})})
print(a.b, a.c, a.d)  -- expect: 2	3	nil
