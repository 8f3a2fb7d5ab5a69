for i = 1, 2 print(i) end  -- expect syntax error: 'do' expected near 'print'
