table.insert({1, 2}, 5, "x")  -- expect error: bad argument #2 to 'insert' (position out of bounds)
