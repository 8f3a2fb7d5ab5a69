local co = coroutine.create(function() coroutine.yield() end)
coroutine.resume(co)
print(coroutine.close(co))   -- expect: true
print(coroutine.status(co))  -- expect: dead
