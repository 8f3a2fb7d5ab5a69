print("before")  -- expect: before
os.exit(3)       -- expect exit: 3
