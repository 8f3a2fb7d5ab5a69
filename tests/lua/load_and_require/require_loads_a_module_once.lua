package.path = "./modules/?.lua"
local a, where = require("counter")
print(a.next(), require("counter").next(), where)  -- expect: 1	2	./modules/counter.lua
print(package.loaded.counter == a)                 -- expect: true
