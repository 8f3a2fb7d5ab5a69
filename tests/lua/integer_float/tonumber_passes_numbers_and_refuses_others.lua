print(tonumber(5), tonumber(5.5))    -- expect: 5	5.5
print(tonumber({}), tonumber(true))  -- expect: nil	nil
