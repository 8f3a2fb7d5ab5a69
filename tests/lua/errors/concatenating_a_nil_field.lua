local t = {}
print("value: " .. t.value .. ".")  -- expect error: attempt to concatenate a nil value (field 'value')
