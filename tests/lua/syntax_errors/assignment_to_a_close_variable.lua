local x <close> = nil
x = 2  -- expect syntax error: attempt to assign to const variable 'x'
