io.write("a", 1, 2.5, "\n")     -- expect: a12.5
print(io.write() == io.stdout)  -- expect: true
io.write("x"):write("y", "\n")  -- expect: xy
