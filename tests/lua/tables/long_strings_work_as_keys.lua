local key = ("k"):rep(100)
local t = {[key] = 1}
print(t[("k"):rep(50) .. ("k"):rep(50)], t[("k"):rep(99)])  -- expect: 1	nil
