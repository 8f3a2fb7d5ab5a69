local graph = {
  a = {b = 7, c = 9, f = 14}, b = {a = 7, c = 10, d = 15}, c = {a = 9, b = 10, d = 11, f = 2},
  d = {b = 15, c = 11, e = 6}, e = {d = 6, f = 9}, f = {a = 14, c = 2, e = 9},
}

local function shortest(from, to)
  local distance, previous, done = {[from] = 0}, {}, {}
  while true do
    local nearest
    for node, d in pairs(distance) do
      if not done[node] and (not nearest or d < distance[nearest]) then nearest = node end
    end
    if not nearest or nearest == to then break end
    done[nearest] = true
    for neighbour, weight in pairs(graph[nearest]) do
      local d = distance[nearest] + weight
      if d < (distance[neighbour] or math.huge) then
        distance[neighbour], previous[neighbour] = d, nearest
      end
    end
  end
  local path, node = {}, to
  while node do
    table.insert(path, 1, node)
    node = previous[node]
  end
  return distance[to], table.concat(path)
end

print(shortest("a", "e"))  -- expect: 20	acfe
print(shortest("b", "f"))  -- expect: 12	bcf
