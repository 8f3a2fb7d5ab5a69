string.rep()  -- expect error: bad argument #1 to 'rep' (string expected, got no value)
