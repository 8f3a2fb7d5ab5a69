local all, sum = {}, 0
for i = 1, 1000 do all[i] = coroutine.wrap(function() coroutine.yield(i) sum = sum + i end) end
for i = 1, 1000 do sum = sum + all[i]() end
for i = 1, 1000 do all[i]() end
print(sum)  -- expect: 1001000
