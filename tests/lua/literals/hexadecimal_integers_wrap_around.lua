print(0xff, 0XA)            -- expect: 255	10
print(0x7fffffffffffffff)   -- expect: 9223372036854775807
print(0xffffffffffffffff)   -- expect: -1
print(0x1ffffffffffffffff)  -- expect: -1
