local x = 1
break  -- expect syntax error line 3: break outside loop at line 2
