print(5.3 % 1 < 0.31, -1e-20 % 1, 1e300 % 7)  -- expect: true	1.0	1.0
