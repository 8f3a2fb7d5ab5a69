print(pcall(io.open, "x", "q"))  -- expect: false	bad argument #2 to 'io.open' (invalid mode)
