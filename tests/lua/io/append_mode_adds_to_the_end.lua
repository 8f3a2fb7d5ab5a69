local name = os.tmpname()
for i = 1, 3 do local f = assert(io.open(name, "a")) f:write(i, ";") f:close() end
local f = assert(io.open(name))
print(f:read("a"))  -- expect: 1;2;3;
f:close()
os.remove(name)
