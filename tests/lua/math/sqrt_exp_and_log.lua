print(math.sqrt(16), math.exp(0), math.log(1))              -- expect: 4.0	1.0	0.0
print(math.log(8, 2), math.log(1000, 10), math.log(27, 3))  -- expect: 3.0	3.0	3.0
print(math.sqrt(2))                                         -- expect: 1.4142135623731
