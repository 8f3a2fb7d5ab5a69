print(1 == "1", 0 == false, nil == false)  -- expect: false	false	false
print("1" ~= 1)                            -- expect: true
