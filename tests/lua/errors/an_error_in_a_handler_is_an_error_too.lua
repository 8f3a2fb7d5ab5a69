local ok, e = xpcall(function() error("first", 0) end, function(m) if m == "first" then error("second", 0) end return m end)
print(ok, e)  -- expect: false	second
