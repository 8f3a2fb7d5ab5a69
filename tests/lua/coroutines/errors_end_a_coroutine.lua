local co = coroutine.create(function() error("broken", 0) end)
print(coroutine.resume(co))  -- expect: false	broken
print(coroutine.status(co))  -- expect: dead
print(coroutine.resume(co))  -- expect: false	cannot resume dead coroutine
