if x then
  print(1)
-- expect syntax error line 4: 'end' expected (to close 'if' at line 1) near <eof>
