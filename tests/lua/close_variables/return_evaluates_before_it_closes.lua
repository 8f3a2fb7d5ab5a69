local log = {}
local function f()
  local x <close> = setmetatable({}, {__close = function() log[#log + 1] = "closed" end})
  return #log, "value"
end
print(f())   -- expect: 0	value
print(#log)  -- expect: 1
