local t = {"a", "b", "c", "d"}
for i, v in pairs(t) do io.write(i, v, " ") end
print()  -- expect: 1a 2b 3c 4d
