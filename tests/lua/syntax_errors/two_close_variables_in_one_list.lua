local a <close>, b <close> = nil, nil  -- expect syntax error: multiple to-be-closed variables in local list
