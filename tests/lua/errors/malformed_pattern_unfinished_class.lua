("x"):find("[a")  -- expect error: malformed pattern (missing ']')
