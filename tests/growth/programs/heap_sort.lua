-- over n=400,800,1600,3200
math.randomseed(5)
local t = {}
for i = 1, tonumber(arg[1]) do t[i] = math.random(1 << 30) end -- grows n
local function sift(i, size)
  while 2 * i <= size do -- grows n log n
    local child = 2 * i -- grows n log n
    if child < size and t[child + 1] > t[child] then child = child + 1 end -- grows n log n
    if t[i] >= t[child] then return end -- grows n log n
    t[i], t[child] = t[child], t[i] -- grows n log n
    i = child -- grows n log n
  end
end
for i = #t // 2, 1, -1 do sift(i, #t) end
for size = #t, 2, -1 do
  t[1], t[size] = t[size], t[1] -- grows n
  sift(1, size - 1) -- grows n
end
