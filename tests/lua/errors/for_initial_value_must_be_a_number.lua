for i = {}, 2 do end  -- expect error: bad 'for' initial value (number expected, got table)
