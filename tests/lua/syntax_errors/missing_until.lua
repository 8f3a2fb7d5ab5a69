repeat
  print(1)
end  -- expect syntax error: 'until' expected (to close 'repeat' at line 1) near 'end'
