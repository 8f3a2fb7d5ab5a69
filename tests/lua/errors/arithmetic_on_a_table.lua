local t = {}
print(t / 2)  -- expect error: attempt to perform arithmetic on a table value (local 't')
