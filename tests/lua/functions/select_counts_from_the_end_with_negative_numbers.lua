print(select(-1, "a", "b", "c"))  -- expect: c
print(select(-2, "a", "b", "c"))  -- expect: b	c
print(select(2, "a", "b", "c"))   -- expect: b	c
print(select("#"))                -- expect: 0
