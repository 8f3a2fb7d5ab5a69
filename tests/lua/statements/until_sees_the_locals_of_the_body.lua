local i = 0
repeat
  i = i + 1
  local done = i == 3
until done
print(i)  -- expect: 3
