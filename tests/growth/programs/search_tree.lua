-- over n=500,1000,2000,4000,8000
math.randomseed(2)
local root = { key = 0.5 }
for _ = 1, tonumber(arg[1]) do -- grows n
  local key, node = math.random(), root -- grows n
  while true do -- grows n log n
    local side = key < node.key and "left" or "right" -- grows n log n
    if not node[side] then node[side] = { key = key } break end -- grows n log n
    node = node[side] -- grows n log n
  end
end
