local t = {}
print(t[1].x)  -- expect error: attempt to index a nil value (field 'integer index')
