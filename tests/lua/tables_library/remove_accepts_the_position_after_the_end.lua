local t = {1, 2}
print(table.remove(t, 3), #t)     -- expect: nil	2
print(pcall(table.remove, t, 5))  -- expect: false	bad argument #1 to 'table.remove' (position out of bounds)
