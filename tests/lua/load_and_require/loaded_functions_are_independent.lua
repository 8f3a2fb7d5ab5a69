local f, g = load("n = (n or 0) + 1 return n", "f", "t", {}), load("n = (n or 0) + 1 return n", "g", "t", {})
print(f(), f(), g())  -- expect: 1	2	1
