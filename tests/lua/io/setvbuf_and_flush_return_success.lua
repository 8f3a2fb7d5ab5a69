local name = os.tmpname()
local f = assert(io.open(name, "w"))
print(f:setvbuf("full", 1024), f:write("x") == f, f:flush() and true)  -- expect: true	true	true
f:close()
os.remove(name)
