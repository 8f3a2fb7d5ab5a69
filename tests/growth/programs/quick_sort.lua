-- over n=500,1000,2000,4000,8000
math.randomseed(11)
local t = {}
for i = 1, tonumber(arg[1]) do t[i] = math.random(1 << 30) end -- grows n
local function sort(low, high)
  while low < high do -- grows n
    local pivot, i = t[high], low -- grows n
    for j = low, high - 1 do -- grows n log n
      if t[j] < pivot then -- grows n log n
        t[i], t[j] = t[j], t[i] -- grows n log n
        i = i + 1 -- grows n log n
      end
    end
    t[i], t[high] = t[high], t[i] -- grows n
    sort(low, i - 1) -- grows n
    low = i + 1 -- grows n
  end
end
sort(1, #t)
