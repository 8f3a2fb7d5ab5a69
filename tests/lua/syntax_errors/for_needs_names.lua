for 1 = 1, 2 do end  -- expect syntax error: <name> expected near '1'
