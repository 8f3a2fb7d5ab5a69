local t = {1, 2}
print(table.remove(t, 3), #t)                               -- expect: nil	2
local ok, message = pcall(table.remove, t, 5)
print(ok, message:match("to 'table.remove' %((.*)%)"))      -- expect: false	position out of bounds
