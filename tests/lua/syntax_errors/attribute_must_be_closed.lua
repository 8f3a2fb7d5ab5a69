local x <const = 1  -- expect syntax error: '>' expected near '='
