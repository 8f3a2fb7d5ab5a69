local i = 2^53 | 0
print(i + 1 == 2^53, i + 1 > 2^53, i < 2^53 + 2)              -- expect: false	true	true
print(math.maxinteger < 2^63, math.maxinteger + 0.0 == 2^63)  -- expect: true	true
print(math.mininteger == -2^63, math.mininteger <= -2^63)     -- expect: true	true
