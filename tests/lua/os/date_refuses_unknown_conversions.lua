print(pcall(os.date, "%Ez", 0))  -- expect: false	bad argument #1 to 'os.date' (invalid conversion specifier '%Ez')
