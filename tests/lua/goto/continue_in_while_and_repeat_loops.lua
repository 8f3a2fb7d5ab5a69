local i = 0
while i < 5 do
  i = i + 1
  if i == 3 then goto continue end
  io.write(i, " ")
  ::continue::
end
repeat
  i = i - 1
  if i == 2 then goto continue end
  io.write(-i, " ")
  ::continue::
until i == 0
print()  -- expect: 1 2 4 5 -4 -3 -1 0
