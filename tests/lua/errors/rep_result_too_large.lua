("x"):rep(1 << 62)  -- expect error: resulting string too large
