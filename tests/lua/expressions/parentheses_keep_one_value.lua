local function two() return 1, 2 end
print((two()))         -- expect: 1
print(two())           -- expect: 1	2
print((two()), two())  -- expect: 1	1	2
