-- over n=64,512,4096,32768,262144
local n, low, steps = tonumber(arg[1]), 1, 0 -- grows constant
local high = n -- grows constant
while low < high do -- grows log n
  local middle = (low + high) // 2 -- grows log n
  steps = steps + 1 -- grows log n
  if middle * 3 < n then low = middle + 1 else high = middle end -- grows log n
end
