print(1 - missing)  -- expect error: attempt to perform arithmetic on a nil value (global 'missing')
