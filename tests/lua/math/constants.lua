print(math.pi, math.huge, -math.huge)    -- expect: 3.1415926535898	inf	-inf
print(math.maxinteger, math.mininteger)  -- expect: 9223372036854775807	-9223372036854775808
