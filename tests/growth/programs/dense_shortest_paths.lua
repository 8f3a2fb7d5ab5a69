-- over n=20,40,80,160
local n = tonumber(arg[1])
local function length(i, j) return (i * 31 + j * 17) % 97 + 1 end -- grows n^2
local distance, done = {}, {}
for i = 1, n do distance[i] = i == 1 and 0 or math.huge end
for _ = 1, n do
  local best
  for i = 1, n do -- grows n^2
    if not done[i] and (not best or distance[i] < distance[best]) then best = i end -- grows n^2
  end
  done[best] = true
  for i = 1, n do -- grows n^2
    local through = distance[best] + length(best, i) -- grows n^2
    if through < distance[i] then distance[i] = through end -- grows n^2
  end
end
