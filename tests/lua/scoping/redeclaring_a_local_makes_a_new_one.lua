local x = 1
local function get() return x end
local x = 2
print(get(), x)  -- expect: 1	2
