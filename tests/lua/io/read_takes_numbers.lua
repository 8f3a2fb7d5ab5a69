-- stdin: 10 0x1F 2.5 -3 word
print(io.read("n", "n", "n", "n"))  -- expect: 10	31	2.5	-3
print(io.read("n"))                 -- expect: nil
