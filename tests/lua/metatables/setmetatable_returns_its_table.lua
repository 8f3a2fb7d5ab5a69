local t = {}
print(setmetatable(t, nil) == t, getmetatable(t))  -- expect: true	nil
