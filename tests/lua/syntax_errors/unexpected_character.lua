local x = 1 @ 2  -- expect syntax error: unexpected symbol near '@'
