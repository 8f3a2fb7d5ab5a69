print(nil and 1, false and 1)  -- expect: nil	false
print(1 and 2, 1 and nil)      -- expect: 2	nil
