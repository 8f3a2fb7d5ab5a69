local s = [==x  -- expect syntax error: invalid long string delimiter near '[=='
