string.format("%d", 1.5)  -- expect error: bad argument #2 to 'format' (number has no integer representation)
