-- Turns of arithmetic, a table, a call and a branch, as many as the argument says: for growth with what is executed.
local function step(value)
  return (value * 5 + 3) % 1000003
end

local ring, sum = {}, 1
for index = 1, 64 do ring[index] = index end
for turn = 1, tonumber(arg[1]) do
  local place = turn % 64 + 1
  sum = step(sum + ring[place])
  if sum % 2 == 0 then ring[place] = sum else ring[place] = turn end
end
print(sum)
