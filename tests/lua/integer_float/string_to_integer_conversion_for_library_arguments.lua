print(("x"):rep("3"), string.char("65"), select("2", "a", "b"))  -- expect: xxx	A	b
print(("abc"):sub("2", "3.0"), math.max(1, "2" + 0))             -- expect: bc	2
