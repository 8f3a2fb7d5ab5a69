local t = {flags = {}}
print(~t.flags)  -- expect error: attempt to perform bitwise operation on a table value (field 'flags')
