local queue, out = {}, {}
for i = 1, 5 do table.insert(queue, i) end
while #queue > 0 do out[#out + 1] = table.remove(queue, 1) end
print(table.concat(out, ""))  -- expect: 12345
