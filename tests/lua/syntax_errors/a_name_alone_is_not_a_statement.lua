local x
x  -- expect syntax error line 3: syntax error near <eof>
