local co = coroutine.create(function()
  local x <close> = setmetatable({}, {__close = function(_, e) print("closed", e) end})
  coroutine.yield()
end)
coroutine.resume(co)
print(coroutine.close(co))
-- expect: closed	nil
-- expect: true
