-- over n=100,200,400,800
local n, steps = tonumber(arg[1]), 0
for i = 1, n do -- grows n
  local a, b = n + i, i -- grows n
  while b > 0 do -- grows n log n
    a, b = b, a % b -- grows n log n
    steps = steps + 1 -- grows n log n
  end
end
