x = "global"
local x = x
print(x)  -- expect: global
local y = y
print(y)  -- expect: nil
