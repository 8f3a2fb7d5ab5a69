print(1 + 1 == 2, 1 < 1 + 1)  -- expect: true	true
print(not 1 == 2)             -- expect: false
