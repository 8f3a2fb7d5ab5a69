local t = {}
print(t["a b"].c)  -- expect error: attempt to index a nil value (field 'a b')
