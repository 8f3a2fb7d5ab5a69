local t = setmetatable({own = 1}, {__index = {own = 0, inherited = 2}})
print(t.own, t.inherited, t.none)  -- expect: 1	2	nil
