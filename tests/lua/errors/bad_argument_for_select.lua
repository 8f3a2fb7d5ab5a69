select(0)  -- expect error: bad argument #1 to 'select' (index out of range)
