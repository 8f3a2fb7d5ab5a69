local co = coroutine.wrap(function() coroutine.yield(table.unpack({}, 1, 200)) end)
print(select("#", co()))  -- expect: 200
