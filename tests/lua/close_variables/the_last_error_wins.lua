local function failing(name) return setmetatable({}, {__close = function(_, e) error(name .. " after " .. tostring(e), 0) end}) end
print(pcall(function()
  local a <close> = failing("a")
  local b <close> = failing("b")
  error("body", 0)
end))  -- expect: false	a after b after body
