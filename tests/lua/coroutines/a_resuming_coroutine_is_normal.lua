local outer
outer = coroutine.create(function()
  local inner = coroutine.create(function() return coroutine.status(outer) end)
  print(coroutine.resume(inner))
end)
coroutine.resume(outer)  -- expect: true	normal
