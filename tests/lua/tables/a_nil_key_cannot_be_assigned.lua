local t = {}
t[nil] = 1  -- expect error: table index is nil
