local t = {["x"] 1}  -- expect syntax error: '=' expected near '1'
