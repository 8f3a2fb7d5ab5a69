local deep = ("("):rep(300) .. "1" .. (")"):rep(300)
print(pcall(load, deep))                                        -- expect: true	nil	C stack overflow
print(xpcall(load, function(m) return m .. ", seen" end, deep)) -- expect: true	nil	C stack overflow, seen
print(xpcall(load, function(m) return m .. ", seen" end, "=", "=x")) -- expect: true	nil	x:1: unexpected symbol near '='
