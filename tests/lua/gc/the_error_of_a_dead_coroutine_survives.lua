local thread = coroutine.create(function() local none; return none.x end)
local _, message = coroutine.resume(thread)
collectgarbage()
local _, again = coroutine.close(thread)
print(message == again, type(again)) -- expect: true	string
