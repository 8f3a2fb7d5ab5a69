print("before")  -- expect: before
os.exit(true)
