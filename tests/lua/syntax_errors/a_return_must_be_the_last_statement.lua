do
  return 1
  print(2)  -- expect syntax error: 'end' expected (to close 'do' at line 1) near 'print'
end
