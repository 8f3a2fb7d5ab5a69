while x print(1) end  -- expect syntax error: 'do' expected near 'print'
