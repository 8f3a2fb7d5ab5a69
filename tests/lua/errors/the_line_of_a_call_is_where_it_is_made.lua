local t = {}
t.a = 1
t.f(  -- expect error: attempt to call a nil value (field 'f')
  1,
  2)
