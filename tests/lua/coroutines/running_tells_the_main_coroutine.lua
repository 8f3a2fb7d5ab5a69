print(select(2, coroutine.running()))                                          -- expect: true
print(coroutine.wrap(function() return select(2, coroutine.running()) end)())  -- expect: false
