local count = 0
for i = 1, 20 do
  if i % 3 == 0 then goto continue end
  count = count + 1
  ::continue::
end
for _, v in ipairs {1, 2, 3, 4} do
  if v == 2 then goto continue end
  count = count + 10
  ::continue::
end
local i = 0
while i < 10 do
  i = i + 1
  if i > 5 then goto continue end
  count = count + 100
  ::continue::
end
print(count)  -- expect: 544
