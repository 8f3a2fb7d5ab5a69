print(coroutine.isyieldable())                  -- expect: false
print(coroutine.wrap(coroutine.isyieldable)())  -- expect: true
