os.exit(false)  -- expect exit: 1
