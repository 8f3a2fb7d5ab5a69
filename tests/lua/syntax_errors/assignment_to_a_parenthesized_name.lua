(x) = 1  -- expect syntax error: syntax error near '='
