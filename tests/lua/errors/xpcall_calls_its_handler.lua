print(xpcall(function() error("bad", 0) end, function(m) return "handled: " .. m end))  -- expect: false	handled: bad
print(xpcall(function(a, b) return a + b end, print, 1, 2))  -- expect: true	3
