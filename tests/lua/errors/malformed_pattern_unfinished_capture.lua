("x"):find("(x")  -- expect error: unfinished capture
