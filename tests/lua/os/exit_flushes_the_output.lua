io.write("no newline")  -- expect: no newline
os.exit(0, true)
