for i = 1 do end  -- expect syntax error: ',' expected near 'do'
