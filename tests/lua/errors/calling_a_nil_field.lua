local t = {}
t.run()  -- expect error: attempt to call a nil value (field 'run')
