print(tonumber("ff", 16), tonumber("777", 8), tonumber("1010", 2))  -- expect: 255	511	10
print(tonumber("zz", 36), tonumber("-7", 8), tonumber("8", 8))      -- expect: 1295	-7	nil
print(tonumber("1.0", 10), tonumber("", 10))                        -- expect: nil	nil
