number = 5
number.x = 1  -- expect error: attempt to index a number value (global 'number')
