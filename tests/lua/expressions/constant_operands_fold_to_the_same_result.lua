local one, zero = 1, 0
print(1 + 2 * 3, one + 2 * 3)                     -- expect: 7	7
print(7 // 2, 7 % -3, 7 / 2)                      -- expect: 3	-2	3.5
print(1 / 0, -1 / 0, one / zero)                  -- expect: inf	-inf	inf
print(0x7fffffffffffffff + 1 == math.mininteger)  -- expect: true
