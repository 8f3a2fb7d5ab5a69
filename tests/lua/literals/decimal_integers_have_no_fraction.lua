print(0, 7, 007)            -- expect: 0	7	7
print(math.type(42))        -- expect: integer
print(9223372036854775807)  -- expect: 9223372036854775807
