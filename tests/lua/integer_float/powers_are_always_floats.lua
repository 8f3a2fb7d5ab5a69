print(2 ^ 2, 2 ^ 0.5, math.type(2 ^ 3))     -- expect: 4.0	1.4142135623731	float
print((-8) ^ (1/3) ~= (-8) ^ (1/3), 0 ^ 0)  -- expect: true	1.0
