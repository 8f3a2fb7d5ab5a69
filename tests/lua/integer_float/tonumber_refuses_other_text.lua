print(tonumber(""), tonumber("abc"), tonumber("1x"), tonumber("1 2"))    -- expect: nil	nil	nil	nil
print(tonumber("0x"), tonumber("1e"), tonumber("- 1"), tonumber("1\0"))  -- expect: nil	nil	nil	nil
print(tonumber("inf"), tonumber("nan"), tonumber(nil))                   -- expect: nil	nil	nil
