print(1))  -- expect syntax error: unexpected symbol near ')'
