-- over n=1000,2000,4000,8000
-- A block that doubles: what is copied is no more than what is added.
local n, capacity, size, block = tonumber(arg[1]), 1, 0, {}
for i = 1, n do -- grows n
  if size == capacity then -- grows n
    local larger = {}
    for k = 1, size do larger[k] = block[k] end -- grows n
    block, capacity = larger, capacity * 2
  end
  size = size + 1 -- grows n
  block[size] = i -- grows n
end
