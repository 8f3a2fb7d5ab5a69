print(nil or 1, false or nil)  -- expect: 1	nil
print(1 or 2, false or false)  -- expect: 1	false
