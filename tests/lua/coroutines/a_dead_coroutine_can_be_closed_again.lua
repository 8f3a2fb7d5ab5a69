local co = coroutine.create(function() error("oops", 0) end)
coroutine.resume(co)
print(coroutine.close(co))  -- expect: false	oops
print(coroutine.close(co))  -- expect: true
