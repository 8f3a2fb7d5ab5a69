local n = 3
while n > 0 do io.write(n, " ") n = n - 1 end
print("end")  -- expect: 3 2 1 end
while false do print("never") end
