local t = {}
t[0/0] = 1  -- expect error: table index is NaN
