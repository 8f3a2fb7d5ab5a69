local co = coroutine.wrap(function(n)
  while true do n = coroutine.yield(n * 2) end
end)
print(co(1), co(2))  -- expect: 2	4
co(nil)              -- expect error: an_uncaught_error_in_a_coroutine.lua:2: attempt to perform arithmetic on a nil value (local 'n')
