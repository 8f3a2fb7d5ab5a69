print(6 & 3, 6 | 3, 6 ~ 3, ~6)  -- expect: 2	7	5	-7
print(1 << 4, 256 >> 4)         -- expect: 16	16
