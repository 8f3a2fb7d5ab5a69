print(pcall(dofile, "modules/failing.lua"))  -- expect: false	modules/failing.lua:1: cannot start
print(pcall(dofile, "modules/broken.lua"))   -- expect: false	modules/broken.lua:1: unexpected symbol near '='
