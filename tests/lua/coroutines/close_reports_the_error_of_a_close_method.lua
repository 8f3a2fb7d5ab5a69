local co = coroutine.create(function()
  local x <close> = setmetatable({}, {__close = function() error("failed", 0) end})
  coroutine.yield()
end)
coroutine.resume(co)
print(coroutine.close(co))   -- expect: false	failed
print(coroutine.status(co))  -- expect: dead
