local t = {}
t.n = t.n + 1  -- expect error: attempt to perform arithmetic on a nil value (field 'n')
