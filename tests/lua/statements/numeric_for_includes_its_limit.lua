for i = 1, 3 do io.write(i, " ") end
print()  -- expect: 1 2 3
for i = 10, 1, -4 do io.write(i, " ") end
print()  -- expect: 10 6 2
