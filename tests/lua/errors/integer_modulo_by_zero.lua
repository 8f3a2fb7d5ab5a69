local zero = 0 print(1 % zero)  -- expect error: attempt to perform 'n%0'
