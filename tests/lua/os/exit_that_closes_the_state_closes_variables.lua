local function closer(name) return setmetatable({}, {__close = function(_, e) print(name, e) end}) end
local outer <close> = closer("outer")
local failing <close> = setmetatable({}, {__close = function(_, e) print("failing", e) error("fails", 0) end})
pcall(function()
  local inner <close> = closer("inner")
  table.sort({1, 2}, function() os.exit(3, true) end) -- expect: inner	nil
end)
-- expect: failing	nil
-- expect: outer	fails
-- expect exit: 3
