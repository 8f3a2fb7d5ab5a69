local a, b = 1
local c = a +  -- expect error: attempt to perform arithmetic on a nil value (local 'b')
  b
