local x = 1
local function get() return x end
x = 2
print(get())  -- expect: 2
