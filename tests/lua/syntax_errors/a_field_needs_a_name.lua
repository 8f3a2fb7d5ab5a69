t.1 = 2  -- expect syntax error: syntax error near '.1'
