local people = {{"Bo", 30}, {"Al", 30}, {"Cy", 25}}
table.sort(people, function(a, b)
  if a[2] ~= b[2] then return a[2] < b[2] end
  return a[1] < b[1]
end)
for _, p in ipairs(people) do io.write(p[1], " ") end
print()  -- expect: Cy Al Bo
