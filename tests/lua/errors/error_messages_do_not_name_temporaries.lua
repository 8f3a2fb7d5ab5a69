local a = {}
print((a.x or a.y).z)  -- expect error: attempt to index a nil value
