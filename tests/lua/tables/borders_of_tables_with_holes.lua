-- Several borders would be right by the manual: programs have come to rely on the one that PUC Lua finds.
local function gather(...) return {...} end
print(#{1, 2, nil, 4, nil}) -- expect: 4
print(#gather(nil, nil, 3, nil)) -- expect: 3
print(#{[1] = "x", [3] = "z", [4] = false}) -- expect: 1
print(#{nil, nil, 3}, #{nil, 2, nil}, #{1, nil, 3, nil}, #{n = 1, 1, nil, 3}) -- expect: 3	2	3	3
print(#table.pack(1, nil, nil, 4), #table.pack(1, nil, nil)) -- expect: 4	1
print(#{nil, nil, gather(1, 2)}, #{table.unpack({1, nil, 3}, 1, 3)}) -- expect: 3	3

local t = {1, 2, 3, 4, 5, 6, 7, 8}
t[4], t[8] = nil, nil
print(#t) -- expect: 7
t[7], t[6] = nil, nil
print(#t) -- expect: 5

local backwards = {}
for i = 8, 1, -1 do backwards[i] = i end
backwards[5] = nil
print(#backwards) -- expect: 8
