local t = {1, x = "x", 2, ["y z"] = 3, [10] = 10, 3}
print(#t, t[3], t.x, t["y z"], t[10])  -- expect: 3	3	x	3	10
