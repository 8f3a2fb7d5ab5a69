local name = os.tmpname()
local bytes = {}
for i = 0, 255 do bytes[#bytes + 1] = string.char(i) end
local data = table.concat(bytes)
local f = assert(io.open(name, "wb")) f:write(data) f:close()
f = assert(io.open(name, "rb"))
print(f:read("a") == data)  -- expect: true
f:close()
os.remove(name)
