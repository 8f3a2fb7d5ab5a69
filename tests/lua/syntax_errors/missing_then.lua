if x print(1) end  -- expect syntax error: 'then' expected near 'print'
