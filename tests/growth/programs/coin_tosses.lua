-- over n=1000,2000,4000,8000
math.randomseed(42)
local heads, tails = 0, 0
for _ = 1, tonumber(arg[1]) do -- grows n
  if math.random() < 0.5 then -- grows n
    heads = heads + 1 -- grows n
  else
    tails = tails + 1 -- grows n
  end
end
