local x = 0x  -- expect syntax error: malformed number near '0x'
