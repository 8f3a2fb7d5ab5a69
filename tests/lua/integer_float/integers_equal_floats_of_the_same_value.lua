print(1 == 1.0, 2^53 == 2^53 | 0)   -- expect: true	true
print(0 == -0.0, 1 < 1.5, 1.5 < 2)  -- expect: true	true	true
