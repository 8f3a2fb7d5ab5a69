local x = t[1  -- expect syntax error line 2: ']' expected near <eof>
