local pegs, moves = {{}, {}, {}}, 0
for disc = 8, 1, -1 do pegs[1][#pegs[1] + 1] = disc end

local function move(count, from, to, spare)
  if count == 0 then return end
  move(count - 1, from, spare, to)
  local disc = table.remove(pegs[from])
  assert(not pegs[to][1] or pegs[to][#pegs[to]] > disc)
  table.insert(pegs[to], disc)
  moves = moves + 1
  return move(count - 1, spare, to, from)
end

move(8, 1, 3, 2)
print(moves, #pegs[1], #pegs[2], table.concat(pegs[3]))  -- expect: 255	0	0	87654321
