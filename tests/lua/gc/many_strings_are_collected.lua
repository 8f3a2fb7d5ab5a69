collectgarbage()
local before = collectgarbage("count")
for i = 1, 5000 do local s = ("x"):rep(200) .. i end
collectgarbage()
print(collectgarbage("count") - before < 100)  -- expect: true
