local out = {}
for i, v in ipairs {1, 2, nil, 4} do out[#out + 1] = i .. "=" .. v end
print(table.concat(out, " "))  -- expect: 1=1 2=2
