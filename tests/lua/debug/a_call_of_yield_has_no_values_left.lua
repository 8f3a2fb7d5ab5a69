local co = coroutine.create(function(a) local b = 2; coroutine.yield(a, b, 3) end)
coroutine.resume(co, 1)
print(debug.getlocal(co, 0, 1))  -- expect: nil
print(debug.getlocal(co, 1, 1))  -- expect: a	1
print(debug.getlocal(co, 1, 2))  -- expect: b	2
