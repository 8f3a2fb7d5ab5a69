local turns = 0
for i = 1, 20 do
  pcall(function()
    for j = 1, 10 do
      for k = 1, 10 do
        turns = turns + 1
        if j * k == i then error("leave") end
      end
    end
  end)
end
print(turns)  -- expect: 570
