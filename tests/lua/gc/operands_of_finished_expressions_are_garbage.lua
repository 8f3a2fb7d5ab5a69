local done = false
setmetatable({}, {__gc = function() done = true end})
repeat local a = {} until done
print(done)  -- expect: true

-- variables in scope are not, even when nothing reads them again
local kept = setmetatable({}, {__gc = function() print("never before the end") end})
local weak = setmetatable({kept}, {__mode = "v"})
collectgarbage()
print(#weak)  -- expect: 1
-- expect: never before the end
