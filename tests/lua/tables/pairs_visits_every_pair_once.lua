local t, count, sum = {10, 20, 30, x = 40, y = 50, [2.5] = 60}, 0, 0
for _, v in pairs(t) do count, sum = count + 1, sum + v end
print(count, sum)  -- expect: 6	210
