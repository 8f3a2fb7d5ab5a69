print(pcall(next, {}, "absent"))  -- expect: false	invalid key to 'next'
