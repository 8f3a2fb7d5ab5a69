-- Backtracking over three arrays: the ways to put n queens on a board.
local n = tonumber(arg and arg[1]) or 11
local columns, rising, falling = {}, {}, {}

local function place(row)
  if row > n then return 1 end
  local ways = 0
  for column = 1, n do
    local up, down = row + column, row - column + n
    if not columns[column] and not rising[up] and not falling[down] then
      columns[column], rising[up], falling[down] = true, true, true
      ways = ways + place(row + 1)
      columns[column], rising[up], falling[down] = false, false, false
    end
  end
  return ways
end

print(place(1))
