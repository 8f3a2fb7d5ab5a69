print(string.len(12345), string.sub(12345, 2, 3), string.rep(7, 3))  -- expect: 5	23	777
print(string.find(12.5, ".5", 1, true), string.upper(1e15))          -- expect: 3	1E+15
