string.format("%d", "x")  -- expect error: bad argument #2 to 'format' (number expected, got string)
