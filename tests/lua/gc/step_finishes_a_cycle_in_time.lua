collectgarbage("incremental")
local turns = 0
repeat turns = turns + 1 until collectgarbage("step", 100) or turns > 10000
print(turns <= 10000)  -- expect: true
