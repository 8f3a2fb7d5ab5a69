local key, f = {}, function() end
local t = {[key] = 1, [f] = 2, [true] = 3, [1.5] = 4, [-1] = 5}
print(t[key], t[f], t[true], t[1.5], t[-1], t[false])  -- expect: 1	2	3	4	5	nil
print(t[nil], t[0/0])                                  -- expect: nil	nil
