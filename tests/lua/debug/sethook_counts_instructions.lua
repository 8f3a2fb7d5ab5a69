local calls = 0
debug.sethook(function(event) assert(event == "count"); calls = calls + 1 end, "", 100)
for i = 1, 10000 do end
debug.sethook()
print(calls >= 100 and calls < 400)  -- expect: true

-- an error in a hook reaches the program, and the hook stays
local function endless() while true do end end
debug.sethook(function() error("too long") end, "", 1000)
print(pcall(endless))               -- expect: false	sethook_counts_instructions.lua:9: too long
print(select("#", debug.gethook())) -- expect: 3
debug.sethook()
print(debug.gethook())              -- expect: nil
