-- over n=100,200,400,800
math.randomseed(7)
local t = {}
for i = 1, tonumber(arg[1]) do t[i] = math.random(1000000) end
for i = 2, #t do
  local x, j = t[i], i - 1 -- grows n
  while j > 0 and t[j] > x do -- grows n^2
    t[j + 1] = t[j] -- grows n^2
    j = j - 1 -- grows n^2
  end
  t[j + 1] = x -- grows n
end
