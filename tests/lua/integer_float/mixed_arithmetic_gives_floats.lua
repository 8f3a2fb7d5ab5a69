print(1 + 1.0, 2 * 1.5, 3 - 0.5)             -- expect: 2.0	3.0	2.5
print(math.type(1 + 1), math.type(1 + 1.0))  -- expect: integer	float
