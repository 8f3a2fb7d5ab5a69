else  -- expect syntax error: <eof> expected near 'else'
