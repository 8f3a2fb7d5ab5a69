print(-2 ^ 2)  -- expect: -4.0
print(2 ^ -1)  -- expect: 0.5
