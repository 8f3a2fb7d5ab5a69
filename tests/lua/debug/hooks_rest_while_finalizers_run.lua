local lines = {}
local function finalizer()
  local a = 1
end
setmetatable({}, {__gc = finalizer})
debug.sethook(function(_, line) lines[#lines + 1] = line end, "l")
collectgarbage()
debug.sethook()
print(table.concat(lines, " "))  -- expect: 7 8
