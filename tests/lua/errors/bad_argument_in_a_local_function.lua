local rep = string.rep
rep("x", {})  -- expect error: bad argument #2 to 'rep' (number expected, got table)
