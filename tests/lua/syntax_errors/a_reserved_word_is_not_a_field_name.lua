t.end = 1  -- expect syntax error: <name> expected near 'end'
