print(2 ^ 3 ^ 2)    -- expect: 512.0
print((2 ^ 3) ^ 2)  -- expect: 64.0
