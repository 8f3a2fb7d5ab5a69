-- args: first second
print(select("#", ...), ...)  -- expect: 2	first	second
print(arg[1], arg[2], #arg)   -- expect: first	second	2
