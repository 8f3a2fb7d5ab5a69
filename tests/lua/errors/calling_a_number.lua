local n = 1
n()  -- expect error: attempt to call a number value (local 'n')
