-- over n=100,200,400,800
math.randomseed(9)
local n, near = tonumber(arg[1]), {}
for i = 1, n do near[i] = { i % n + 1, math.random(n), math.random(n) } end -- grows n
local queue, head, distance = { 1 }, 1, { [1] = 0 }
while head <= #queue do -- grows n
  local at = queue[head] -- grows n
  head = head + 1 -- grows n
  for _, next in ipairs(near[at]) do -- grows n
    if not distance[next] then -- grows n
      distance[next] = distance[at] + 1 -- grows n
      queue[#queue + 1] = next -- grows n
    end
  end -- grows n
end
