local co = coroutine.wrap(function()
  return xpcall(function() coroutine.yield("first") error("e", 0) end, function(m) return "handled " .. m end)
end)
print(co())  -- expect: first
print(co())  -- expect: false	handled e
