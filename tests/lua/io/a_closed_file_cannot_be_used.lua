local name = os.tmpname()
local f = assert(io.open(name, "w"))
f:close()
print(io.type(f), tostring(f))  -- expect: closed file	file (closed)
print(pcall(f.write, f, "x"))   -- expect: false	attempt to use a closed file
os.remove(name)
