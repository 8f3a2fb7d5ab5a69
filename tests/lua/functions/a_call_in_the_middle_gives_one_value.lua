local function two() return 1, 2 end
print(two(), two())     -- expect: 1	1	2
print(#{two(), two()})  -- expect: 3
