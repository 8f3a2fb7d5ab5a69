print(1 // 0.0, -1 // 0.0)    -- expect: inf	-inf
print(math.mininteger // -1)  -- expect: -9223372036854775808
