local state = "open"
local function read() return state end
local function f()
  local x <close> = setmetatable({}, {__close = function() state = "closed" end})
  return read()
end
print(f(), state)  -- expect: open	closed
