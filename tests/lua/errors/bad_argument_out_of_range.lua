string.char(256)  -- expect error: bad argument #1 to 'char' (value out of range)
