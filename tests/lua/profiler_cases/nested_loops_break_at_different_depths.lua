local visits = 0
for a = 1, 8 do
  local b = 0
  while true do
    b = b + 1
    repeat
      visits = visits + 1
      if visits % 7 == 0 then break end
    until visits % 5 == 0
    if b > a then break end
  end
end
print(visits)  -- expect: 140
