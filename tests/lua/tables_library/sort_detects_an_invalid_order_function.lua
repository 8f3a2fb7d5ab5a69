local t = {}
for i = 1, 100 do t[i] = 1 end
print(pcall(table.sort, t, function() return true end))  -- expect: false	invalid order function for sorting
