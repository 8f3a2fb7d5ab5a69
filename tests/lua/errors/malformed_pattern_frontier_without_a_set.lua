("x"):find("%f")  -- expect error: missing '[' after '%f' in pattern
