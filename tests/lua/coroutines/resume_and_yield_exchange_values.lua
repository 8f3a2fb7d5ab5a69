local co = coroutine.create(function(a, b)
  local c = coroutine.yield(a + b)
  local d, e = coroutine.yield(c * 2)
  return d + e
end)
print(coroutine.resume(co, 1, 2))  -- expect: true	3
print(coroutine.resume(co, 10))    -- expect: true	20
print(coroutine.resume(co, 3, 4))  -- expect: true	7
print(coroutine.resume(co))        -- expect: false	cannot resume dead coroutine
