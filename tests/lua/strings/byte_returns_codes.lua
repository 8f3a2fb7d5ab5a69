print(("A"):byte(), ("ABC"):byte(2), ("ABC"):byte(-1))  -- expect: 65	66	67
print(("ABC"):byte(1, -1))                              -- expect: 65	66	67
print(("ABC"):byte(10), select("#", ("ABC"):byte(10)))  -- expect: nil	0
