print(("%a %a"):format(1, 0.5))  -- expect: 0x1p+0 0x1p-1
print(("%.1a"):format(1))        -- expect: 0x1.0p+0
