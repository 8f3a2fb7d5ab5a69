"text"  -- expect syntax error: unexpected symbol near '"text"'
