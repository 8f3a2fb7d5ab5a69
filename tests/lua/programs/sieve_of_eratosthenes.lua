local function sieve(limit)
  local composite, primes = {}, {}
  for n = 2, limit do
    if not composite[n] then
      primes[#primes + 1] = n
      for multiple = n * n, limit, n do composite[multiple] = true end
    end
  end
  return primes
end

local primes = sieve(10000)
print(#primes, primes[#primes])      -- expect: 1229	9973
print(table.concat(sieve(30), " "))  -- expect: 2 3 5 7 11 13 17 19 23 29
