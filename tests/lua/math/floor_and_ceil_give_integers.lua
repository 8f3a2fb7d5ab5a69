print(math.floor(3.7), math.floor(-3.7), math.ceil(3.2), math.ceil(-3.2))  -- expect: 3	-4	4	-3
print(math.floor(5), math.ceil(5.0), math.type(math.floor(1e10)))          -- expect: 5	5	integer
print(math.floor(1e100) == 1e100)                                          -- expect: true
