print(("a\0b"):find("\0"), #("a\0b"):match(".*"), ("a\0b"):find("%z"))  -- expect: 2	3	2	2
