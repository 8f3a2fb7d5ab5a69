print(math.max(1, 5, 3), math.min(4, 2, 8), math.max(1.5, 1))  -- expect: 5	2	1.5
print(math.max(2, 2.0), math.min(1.0, 1))                      -- expect: 2	1.0
print(pcall(math.max))                                         -- expect: false	bad argument #1 to 'math.max' (value expected)
