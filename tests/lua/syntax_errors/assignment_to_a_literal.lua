5 = x  -- expect syntax error: unexpected symbol near '5'
