print(("a1 b2"):gsub("%A", ""))   -- expect: ab	3
print(("a1 b2"):gsub("%D", ""))   -- expect: 12	3
print(("a1 b2"):gsub("%S", "."))  -- expect: .. ..	4
