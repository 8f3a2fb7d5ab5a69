print(select(2, pcall(error, 12, 1)))          -- expect: 12
print(math.type(select(2, pcall(error, 12))))  -- expect: integer
