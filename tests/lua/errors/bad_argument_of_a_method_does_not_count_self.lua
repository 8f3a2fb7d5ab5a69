("x"):rep({})  -- expect error: bad argument #1 to 'rep' (number expected, got table)
