goto 1  -- expect syntax error: <name> expected near '1'
