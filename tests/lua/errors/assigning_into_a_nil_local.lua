local t
t.x = 1  -- expect error: attempt to index a nil value (local 't')
