local function range(n) return coroutine.wrap(function() for i = 1, n do coroutine.yield(i) end end) end
for i in range(4) do io.write(i, " ") end
print()  -- expect: 1 2 3 4
