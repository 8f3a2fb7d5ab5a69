local x = 1.2.3  -- expect syntax error: malformed number near '1.2.3'
