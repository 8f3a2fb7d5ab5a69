local function find(target)
  for i = 1, 10 do
    for j = 1, 10 do
      if i * j == target then return i, j end
    end
  end
end
local found = 0
for target = 1, 100 do if find(target) then found = found + 1 end end
print(found)  -- expect: 42
