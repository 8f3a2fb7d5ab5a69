local size, board = 6, {}
local jumps = {{1, 2}, {2, 1}, {2, -1}, {1, -2}, {-1, -2}, {-2, -1}, {-2, 1}, {-1, 2}}
for x = 1, size do board[x] = {} end

local function free(x, y) return board[x] and y >= 1 and y <= size and not board[x][y] end

local function exits(x, y)
  local count = 0
  for _, j in ipairs(jumps) do if free(x + j[1], y + j[2]) then count = count + 1 end end
  return count
end

local function tour(x, y, step)
  board[x][y] = step
  if step == size * size then return true end
  local moves = {}
  for k, j in ipairs(jumps) do
    local nx, ny = x + j[1], y + j[2]
    if free(nx, ny) then moves[#moves + 1] = {nx, ny, exits(nx, ny), k} end
  end
  table.sort(moves, function(a, b)
    if a[3] ~= b[3] then return a[3] < b[3] end
    return a[4] < b[4]
  end)
  for _, m in ipairs(moves) do if tour(m[1], m[2], step + 1) then return true end end
  board[x][y] = nil
  return false
end

print(tour(1, 1, 1), board[1][1])  -- expect: true	1
