local co = coroutine.create(function()
  local ok, value = pcall(function() local v = coroutine.yield("in") error(v, 0) end)
  return ok, value
end)
print(coroutine.resume(co))          -- expect: true	in
print(coroutine.resume(co, "sent"))  -- expect: true	false	sent
