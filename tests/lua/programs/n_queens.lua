local function solutions(n)
  local columns, rising, falling, count = {}, {}, {}, 0
  local function place(row)
    if row > n then count = count + 1 return end
    for column = 1, n do
      local up, down = row + column, row - column
      if not (columns[column] or rising[up] or falling[down]) then
        columns[column], rising[up], falling[down] = true, true, true
        place(row + 1)
        columns[column], rising[up], falling[down] = nil, nil, nil
      end
    end
  end
  place(1)
  return count
end

for n = 4, 7 do io.write(n, ":", solutions(n), " ") end
print()  -- expect: 4:2 5:10 6:4 7:40
