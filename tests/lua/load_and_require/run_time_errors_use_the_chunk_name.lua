print(pcall(load("local t; return t.x", "=chunk")))  -- expect: false	chunk:1: attempt to index a nil value (local 't')
print(pcall(load("\n\nerror('third')", "@c.lua")))   -- expect: false	c.lua:3: third
print(pcall(load("error('here')")))                  -- expect: false	[string "error('here')"]:1: here
