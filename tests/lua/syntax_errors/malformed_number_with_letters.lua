local x = 3abc  -- expect syntax error: malformed number near '3abc'
