-- over n=700,1100,2500,5000,9000
local words = {}
for i = 1, tonumber(arg[1]) do -- grows n
  words["k" .. i] = i -- grows n
end
local sum = 0
for _, value in pairs(words) do sum = sum + value end -- grows n
