print(xpcall(load, function(m) return "seen: " .. m end, function() error("in the reader", 0) end)) -- expect: true	nil	seen: in the reader
print(xpcall(load, function(m) return "seen: " .. m end, function() return {} end)) -- expect: true	nil	seen: reader function must return a string
print(xpcall(load, function(m) return "seen: " .. m end, "x =")) -- expect: true	nil	[string "x ="]:1: unexpected symbol near <eof>
