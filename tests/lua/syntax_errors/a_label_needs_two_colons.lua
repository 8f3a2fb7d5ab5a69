::label:  -- expect syntax error: '::' expected near ':'
