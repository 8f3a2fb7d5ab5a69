local a, b = 1,
local c  -- expect syntax error: unexpected symbol near 'local'
