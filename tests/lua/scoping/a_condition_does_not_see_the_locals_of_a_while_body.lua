local done = false
local turns = 0
while not done do
  turns = turns + 1
  local done = true
  if turns == 3 then break end
end
print(turns, done)  -- expect: 3	false
