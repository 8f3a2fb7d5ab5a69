print(1 or nil and 2)    -- expect: 1
print(nil and 1 or 3)    -- expect: 3
print(false or 1 and 2)  -- expect: 2
