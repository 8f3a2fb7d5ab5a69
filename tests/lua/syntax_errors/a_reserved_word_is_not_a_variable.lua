local while = 1  -- expect syntax error: <name> expected near 'while'
