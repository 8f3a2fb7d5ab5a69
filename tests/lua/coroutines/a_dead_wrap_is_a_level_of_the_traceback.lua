local wrapped = coroutine.wrap(function() end)
wrapped()
local _, trace = xpcall(function() local x = wrapped() return x end, debug.traceback)
print(trace:match("^[^\n]*"):match("[^:]*$"))  -- expect:  cannot resume dead coroutine
print(trace:match("\n\t([^\n]*)"))  -- expect: [C]: in upvalue 'wrapped'
