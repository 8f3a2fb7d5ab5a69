package.path = "./modules/?.lua"
local seen = require("tells_its_arguments")
print(seen[1], seen[2])  -- expect: tells_its_arguments	./modules/tells_its_arguments.lua
