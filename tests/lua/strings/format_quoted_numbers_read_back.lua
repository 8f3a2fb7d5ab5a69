print(("%q %q %q"):format(1, math.mininteger, 0.5))  -- expect: 1 0x8000000000000000 0x1p-1
print(("%q %q %q"):format(1/0, -1/0, true))          -- expect: 1e9999 -1e9999 true
