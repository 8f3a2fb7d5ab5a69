local function closing(name) return setmetatable({}, {__close = function() io.write(name, " ") end}) end
local ok, e = pcall(function()
  local a <close> = closing("a")
  local b <close> = setmetatable({}, {__close = function() error("b failed", 0) end})
  local c <close> = closing("c")
end)
print(ok, e)  -- expect: c a false	b failed
