local n = 0
for _ in ("abc"):gmatch("") do n = n + 1 end
print(n)  -- expect: 4
for p in ("a,b,,c"):gmatch("([^,]*)") do io.write("[", p, "]") end
print()   -- expect: [a][b][][c]
