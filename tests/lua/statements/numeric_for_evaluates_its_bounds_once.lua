local n = 3
local function limit() io.write("limit ") return n end
for i = 1, limit() do n = 100 io.write(i, " ") end
print()  -- expect: limit 1 2 3
