print(pcall(coroutine.create, 1))  -- expect: false	bad argument #1 to 'coroutine.create' (function expected, got number)
print(pcall(coroutine.resume, 1))  -- expect: false	bad argument #1 to 'coroutine.resume' (thread expected, got number)
