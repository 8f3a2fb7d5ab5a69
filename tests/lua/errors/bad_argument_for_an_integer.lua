("x"):rep(1.5)  -- expect error: bad argument #1 to 'rep' (number has no integer representation)
