local name = os.tmpname()
local f = assert(io.open(name, "w")) f:write("x\n") f:close()
local lines = io.lines(name)
print(lines(), lines())  -- expect: x
print(pcall(lines))      -- expect: false	file is already closed
os.remove(name)
