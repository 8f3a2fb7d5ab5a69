local x <constant> = 1  -- expect syntax error: unknown attribute 'constant'
