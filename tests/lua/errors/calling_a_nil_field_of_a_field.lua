local t = {a = {}}
t.a.b()  -- expect error: attempt to call a nil value (field 'b')
