if a != b then end  -- expect syntax error: 'then' expected near '!'
