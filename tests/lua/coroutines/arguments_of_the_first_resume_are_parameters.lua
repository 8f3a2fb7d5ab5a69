local co = coroutine.create(function(...) return select("#", ...), ... end)
print(coroutine.resume(co, nil, 2, nil))  -- expect: true	3	nil	2	nil
