for x = 1, 2, 0.5 do io.write(tostring(x), " ") end
print()  -- expect: 1.0 1.5 2.0
for x = 1.0, 3 do io.write(tostring(x), " ") end
print()  -- expect: 1.0 2.0 3.0
