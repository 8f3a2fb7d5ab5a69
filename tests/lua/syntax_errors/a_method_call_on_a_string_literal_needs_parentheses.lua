print("x":upper())  -- expect syntax error: ')' expected near ':'
