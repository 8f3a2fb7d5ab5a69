local function tell(x) print("evaluated", x) return x end
local a = tell(1), tell(2)
-- expect: evaluated	1
-- expect: evaluated	2
print(a)  -- expect: 1
