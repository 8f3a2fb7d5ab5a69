local name = os.tmpname()
local file = assert(io.open(name, "w"))
file:write("line 1\n", "line 2\n", 3, "\n")
file:close()
file = assert(io.open(name))
print(file:read("l", "L", "n"))
-- expect: line 1	line 2
-- expect: 	3
print(file:read("a") == "\n", file:read("l"))  -- expect: true	nil
file:close()
os.remove(name)
