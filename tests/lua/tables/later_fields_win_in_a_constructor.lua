local t = {x = 1, x = 2, [1] = "first", "second"}
print(t.x, t[1])  -- expect: 2	second
