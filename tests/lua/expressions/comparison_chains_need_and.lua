local x = 5
print(1 < x and x < 10, 1 < x and x < 3)  -- expect: true	false
