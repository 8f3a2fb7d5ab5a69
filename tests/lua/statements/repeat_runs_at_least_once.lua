local n = 10
repeat n = n + 1 until n > 5
print(n)  -- expect: 11
