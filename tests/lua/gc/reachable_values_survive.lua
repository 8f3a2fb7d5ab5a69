local keep = {}
for i = 1, 100 do keep[i] = {name = "n" .. i, f = function() return i end} end
collectgarbage() collectgarbage()
local sum = 0
for i = 1, 100 do assert(keep[i].name == "n" .. i) sum = sum + keep[i].f() end
print(sum)  -- expect: 5050
