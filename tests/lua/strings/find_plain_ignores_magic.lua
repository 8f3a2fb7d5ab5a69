print(("a.b"):find(".", 1, true))   -- expect: 2	2
print(("a+b"):find("+b", 1, true))  -- expect: 2	3
print(("a.b"):find("%."))           -- expect: 2	2
