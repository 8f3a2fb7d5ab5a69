local name = os.tmpname()
local f = assert(io.open(name, "w")) f:write("a b\nc d\n") f:close()
for line in io.lines(name) do io.write("[", line, "]") end
for two in io.lines(name, 2) do io.write("<", two:gsub("\n", "/"), ">") end
print()  -- expect: [a b][c d]<a ><b/><c ><d/>
os.remove(name)
