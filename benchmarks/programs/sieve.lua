-- Arrays of booleans: the primes up to n, several times.
local function sieve(n)
  local composite, count = {}, 0
  for i = 2, n do composite[i] = false end
  for i = 2, n do
    if not composite[i] then
      count = count + 1
      for j = i * i, n, i do composite[j] = true end
    end
  end
  return count
end

local rounds, n = tonumber(arg and arg[1]) or 80, 100000
local count
for _ = 1, rounds do count = sieve(n) end
print(count)
