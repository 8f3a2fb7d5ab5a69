local a, b = os.tmpname(), os.tmpname()
os.remove(b) -- Windows renames to a name that is free
local f = assert(io.open(a, "w")) f:write("moved") f:close()
print(os.rename(a, b), io.open(a) == nil)            -- expect: true	true
f = assert(io.open(b)) print(f:read("a")) f:close()  -- expect: moved
os.remove(b)
