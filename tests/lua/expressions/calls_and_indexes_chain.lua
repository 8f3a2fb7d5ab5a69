local t = {f = function(x) return {g = function(_, y) return {x, y} end} end}
print(t.f(1):g(2)[1] + t["f"](3):g(4)[2])  -- expect: 5
