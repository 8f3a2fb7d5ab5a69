local function deep(n) return n == 0 or (deep(n - 1)) end
local handler = {__close = function() deep(100) end}
print(coroutine.resume(coroutine.create(function()
  do local closed <close> = setmetatable({}, handler) end
  local missing
  return missing.x -- expect: false	an_error_behind_a_closed_block_has_its_own_line.lua:6: attempt to index a nil value (local 'missing')
end)))
