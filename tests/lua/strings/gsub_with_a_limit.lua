print(("aaaa"):gsub("a", "b", 2))   -- expect: bbaa	2
print(("aaaa"):gsub("a", "b", 0))   -- expect: aaaa	0
print(("aaaa"):gsub("a", "b", -1))  -- expect: aaaa	0
