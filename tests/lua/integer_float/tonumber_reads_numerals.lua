print(tonumber("10"), tonumber("1.5"), tonumber("0x1F"), tonumber("1e3"))  -- expect: 10	1.5	31	1000.0
print(tonumber("  7  "), tonumber("-0x10"), tonumber("+5"))                -- expect: 7	-16	5
