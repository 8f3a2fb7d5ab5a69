-- over n=500,1000,2000,4000
math.randomseed(3)
local function sorted(t)
  if #t < 2 then return t end -- grows n
  local middle, left, right = #t // 2, {}, {} -- grows n
  for i = 1, middle do left[i] = t[i] end -- grows n log n
  for i = middle + 1, #t do right[i - middle] = t[i] end -- grows n log n
  left, right = sorted(left), sorted(right) -- grows n
  local i, j = 1, 1 -- grows n
  for k = 1, #t do -- grows n log n
    if j > #right or (i <= #left and left[i] <= right[j]) then -- grows n log n
      t[k] = left[i] -- grows n log n
      i = i + 1 -- grows n log n
    else
      t[k] = right[j] -- grows n log n
      j = j + 1 -- grows n log n
    end
  end
  return t -- grows n
end
local t = {}
for i = 1, tonumber(arg[1]) do t[i] = math.random(1 << 30) end -- grows n
sorted(t)
