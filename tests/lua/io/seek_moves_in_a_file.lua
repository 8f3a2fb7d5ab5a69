local name = os.tmpname()
local f = assert(io.open(name, "w+"))
f:write("0123456789")
print(f:seek(), f:seek("set", 3), f:read(2), f:seek("cur", 1), f:read(1))  -- expect: 10	3	34	6	6
print(f:seek("end"), f:seek("set"), f:read("a"))                           -- expect: 10	0	0123456789
f:close()
os.remove(name)
