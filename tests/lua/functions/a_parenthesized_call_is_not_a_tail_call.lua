local function two() return 1, 2 end
local function first() return (two()) end
print(first())  -- expect: 1
