for c in ("aa^a"):gmatch("^a") do io.write(c, ".") end
print()  -- expect: ^a.
