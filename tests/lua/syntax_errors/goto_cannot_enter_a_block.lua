goto inside  -- expect syntax error line 3: no visible label 'inside' for <goto> at line 1
do ::inside:: end
