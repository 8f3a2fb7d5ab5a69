io.write("1 ") print("2")         -- expect: 1 2
io.stdout:write("3 ") print("4")  -- expect: 3 4
