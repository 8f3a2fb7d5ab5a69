package.path = "./modules/?.lua"
local ok, message = pcall(require, "broken")
print(message)
-- expect: error loading module 'broken' from file './modules/broken.lua':
-- expect: 	./modules/broken.lua:1: unexpected symbol near '='
