for i = 1, {} do end  -- expect error: bad 'for' limit (number expected, got table)
