print(5 % math.huge, -5 % math.huge)    -- expect: 5.0	inf
print(5 % -math.huge, -5 % -math.huge)  -- expect: -inf	-5.0
print(math.mininteger % -1)             -- expect: 0
