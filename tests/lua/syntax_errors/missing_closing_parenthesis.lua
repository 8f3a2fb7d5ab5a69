print(1
-- expect syntax error line 3: ')' expected (to close '(' at line 1) near <eof>
