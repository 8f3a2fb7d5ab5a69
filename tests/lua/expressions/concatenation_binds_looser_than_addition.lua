print(1 .. 2 + 3)           -- expect: 15
print("a" .. 1 + 2 .. "b")  -- expect: a3b
