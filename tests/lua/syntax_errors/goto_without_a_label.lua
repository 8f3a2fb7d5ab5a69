goto nowhere  -- expect syntax error line 2: no visible label 'nowhere' for <goto> at line 1
