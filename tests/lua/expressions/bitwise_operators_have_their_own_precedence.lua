print(1 | 2 & 2 ~ 6)  -- expect: 5
print(1 << 2 + 1)     -- expect: 8
print(5 & 3 == 1)     -- expect: true
