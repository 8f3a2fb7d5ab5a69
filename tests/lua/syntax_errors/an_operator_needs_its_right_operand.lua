local x = 1 +  -- expect syntax error line 2: unexpected symbol near 'local'
local y
