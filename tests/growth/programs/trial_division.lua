-- over n=500,1000,2000,4000
-- All candidates up to the root, whether it is prime or not.
local divisors = 0
for i = 1, tonumber(arg[1]) do -- grows n
  local d = 1 -- grows n
  while d * d <= i do -- grows n sqrt n
    if i % d == 0 then divisors = divisors + 1 end -- grows n sqrt n
    d = d + 1 -- grows n sqrt n
  end
end
