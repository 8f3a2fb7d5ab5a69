local function parse(text)
  local grid = {}
  for line in text:gmatch("[^\n]+") do
    local row = {}
    for cell in line:gmatch(".") do row[#row + 1] = cell == "#" end
    grid[#grid + 1] = row
  end
  return grid
end

local function neighbours(grid, y, x)
  local count = 0
  for dy = -1, 1 do
    for dx = -1, 1 do
      local row = grid[y + dy]
      if (dy ~= 0 or dx ~= 0) and row and row[x + dx] then count = count + 1 end
    end
  end
  return count
end

local function step(grid)
  local after = {}
  for y, row in ipairs(grid) do
    after[y] = {}
    for x, alive in ipairs(row) do
      local n = neighbours(grid, y, x)
      after[y][x] = n == 3 or alive and n == 2
    end
  end
  return after
end

local grid = parse(".#....\n..#...\n###...\n......\n......")
for _ = 1, 4 do grid = step(grid) end
for _, row in ipairs(grid) do
  for _, alive in ipairs(row) do io.write(alive and "#" or ".") end
  print()
end
-- expect: ......
-- expect: ..#...
-- expect: ...#..
-- expect: .###..
-- expect: ......
