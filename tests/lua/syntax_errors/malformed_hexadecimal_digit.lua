local x = 0xfg  -- expect syntax error: malformed number near '0xfg'
