local t = {n = 1}
print(#t.n)  -- expect error: attempt to get length of a number value (field 'n')
