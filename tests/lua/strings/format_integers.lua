print(("%d %5d %-5d| %05d %+d"):format(42, 42, 42, 42, 42))  -- expect: 42    42 42   | 00042 +42
print(("%i %x %X %#x %o"):format(-1, 255, 255, 255, 8))      -- expect: -1 ff FF 0xff 10
print(("%d"):format(3.0), ("%x"):format(-1))                 -- expect: 3	ffffffffffffffff
