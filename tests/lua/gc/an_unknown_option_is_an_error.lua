print(pcall(collectgarbage, "clean"))  -- expect: false	bad argument #1 to 'collectgarbage' (invalid option 'clean')
