-- stdin: first
-- stdin: second
print(io.read())                   -- expect: first
print(io.read("l"), io.read("l"))  -- expect: second	nil
