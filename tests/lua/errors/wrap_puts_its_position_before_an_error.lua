local co = coroutine.wrap(function()
  local t
  return t.field
end)
co()  -- expect error: wrap_puts_its_position_before_an_error.lua:3: attempt to index a nil value (local 't')
