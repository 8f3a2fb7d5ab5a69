print((1 + 2) * (3 + 4 .. "x"  -- expect syntax error line 2: ')' expected (to close '(' at line 1) near <eof>
