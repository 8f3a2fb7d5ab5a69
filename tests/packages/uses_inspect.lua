package.path = package.path .. ";/usr/share/lua/5.3/?.lua;/usr/share/lua/5.1/?.lua"
local inspect = require "inspect"
local shared = {1, 2}
local t = {1, 2, 3, name = "a\nb\0c", nested = {shared, shared, {}}, [1.5] = true, [false] = 1, ["not an id"] = 2, f = print}
t.self = t
print((inspect(t):gsub("0x%x+", "ADDRESS")))
print(inspect(setmetatable({10}, {__index = {x = 1}, __name = "kind"})))
print(inspect({a = {b = {c = {}}}}, {depth = 2}), inspect({1, {2}}, {newline = " ", indent = ""}))
print(inspect({secret = 1, shown = 2}, {process = function(item, path) if path[#path] ~= "secret" then return item end end}))
