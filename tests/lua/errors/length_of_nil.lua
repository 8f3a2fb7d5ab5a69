local t
print(#t)  -- expect error: attempt to get length of a nil value (local 't')
