for a, b = pairs(t) do end  -- expect syntax error: 'in' expected near '='
