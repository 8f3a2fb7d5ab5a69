math.random(2, 1)  -- expect error: bad argument #1 to 'random' (interval is empty)
