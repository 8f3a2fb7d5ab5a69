local x = a ? b : c  -- expect syntax error: unexpected symbol near '?'
