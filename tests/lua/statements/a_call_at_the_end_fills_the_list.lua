local function three() return 1, 2, 3 end
local a, b, c, d = 0, three()
print(a, b, c, d)  -- expect: 0	1	2	3
local e, f, g = three(), 10
print(e, f, g)     -- expect: 1	10	nil
