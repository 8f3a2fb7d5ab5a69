print(math.fmod(7, 3), math.fmod(-7, 3), math.fmod(7, -3))  -- expect: 1	-1	1
print(math.fmod(7.5, 2), math.fmod(-7.5, 2))                -- expect: 1.5	-1.5
print(pcall(math.fmod, 1, 0))                               -- expect: false	bad argument #2 to 'math.fmod' (zero)
print(math.fmod(1, 0.0) ~= math.fmod(1, 0.0))               -- expect: true
