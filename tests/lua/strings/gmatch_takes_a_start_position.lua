for c in ("abcdef"):gmatch("%a", 4) do io.write(c) end
print()  -- expect: def
for c in ("abcdef"):gmatch("%a", -2) do io.write(c) end
print()  -- expect: ef
