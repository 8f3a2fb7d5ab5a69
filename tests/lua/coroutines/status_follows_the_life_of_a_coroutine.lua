local co
co = coroutine.create(function() print(coroutine.status(co)) coroutine.yield() end)
print(coroutine.status(co))  -- expect: suspended
coroutine.resume(co)         -- expect: running
print(coroutine.status(co))  -- expect: suspended
coroutine.resume(co)
print(coroutine.status(co))  -- expect: dead
