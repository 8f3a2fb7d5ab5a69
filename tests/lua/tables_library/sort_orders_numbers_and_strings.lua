local t = {3, 1, 2.5, -1, 2}
table.sort(t)
print(table.concat(t, " "))  -- expect: -1 1 2 2.5 3
local s = {"pear", "apple", "fig"}
table.sort(s)
print(table.concat(s, " "))  -- expect: apple fig pear
