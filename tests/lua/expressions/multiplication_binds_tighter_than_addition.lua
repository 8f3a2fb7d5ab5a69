print(2 + 3 * 4, (2 + 3) * 4)  -- expect: 14	20
print(10 - 4 - 3)              -- expect: 3
