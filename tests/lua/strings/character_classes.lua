print(("aB1 _\t."):gsub("%a", "A"))  -- expect: AA1 _	.	2
print(("aB1 _."):gsub("%d", "D"))    -- expect: aBD _.	1
print(("aB1 _."):gsub("%s", "S"))    -- expect: aB1S_.	1
print(("aB1 _."):gsub("%p", "P"))    -- expect: aB1 PP	2
print(("aB1 _."):gsub("%u", "U"))    -- expect: aU1 _.	1
print(("aB1 _."):gsub("%l", "L"))    -- expect: LB1 _.	1
print(("aB1 _."):gsub("%w", "W"))    -- expect: WWW _.	3
print(("aF1g"):gsub("%x", "X"))      -- expect: XXXg	3
