print(("Hello, World 1"):upper(), ("Hello, World 1"):lower())  -- expect: HELLO, WORLD 1	hello, world 1
