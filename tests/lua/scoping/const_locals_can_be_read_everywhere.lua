local limit <const> = 3
local name <const>, t <const> = "n", {}
local function get() return limit, name end
t.x = limit
print(get(), t.x)  -- expect: 3	3
