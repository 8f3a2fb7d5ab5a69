print(3.0, 3., .5)      -- expect: 3.0	3.0	0.5
print(1e2, 1E+2, 1e-2)  -- expect: 100.0	100.0	0.01
print(math.type(1e2))   -- expect: float
