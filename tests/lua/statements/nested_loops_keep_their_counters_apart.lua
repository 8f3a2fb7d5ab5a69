local sum = 0
for i = 1, 10 do for i = 1, i do sum = sum + i end end
print(sum)  -- expect: 220
