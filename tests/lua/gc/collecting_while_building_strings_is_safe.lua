local parts = {}
for i = 1, 50 do
  parts[#parts + 1] = ("%d:"):format(i) .. ("y"):rep(i % 5)
  if i % 7 == 0 then collectgarbage() end
end
print(#table.concat(parts))  -- expect: 241
