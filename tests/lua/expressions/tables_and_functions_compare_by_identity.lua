local a, b = {}, {}
print(a == b, a == a, print == print)             -- expect: false	true	true
print(function() end == function() return 1 end)  -- expect: false
