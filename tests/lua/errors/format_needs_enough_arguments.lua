string.format("%s %s", 1)  -- expect error: bad argument #3 to 'format' (no value)
