for i do end  -- expect syntax error: '=' or 'in' expected near 'do'
