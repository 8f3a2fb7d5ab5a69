print(math.modf(3.7))        -- expect: 3	0.7
print(math.modf(-3.5))       -- expect: -3	-0.5
print(math.modf(5))          -- expect: 5	0.0
print(math.modf(math.huge))  -- expect: inf	0.0
