local function count(...) return select("#", ...) end
local many = table.pack(table.unpack({}, 1, 250))
print(many.n, count(table.unpack(many, 1, 250)))  -- expect: 250	250
