-- over n=1000,2000,4000,8000,16000
local n, composite, primes = tonumber(arg[1]), {}, 0
for i = 2, n do -- grows n
  if not composite[i] then -- grows n
    primes = primes + 1
    for j = i * i, n, i do -- grows n log log n or n log n
      composite[j] = true -- grows n log log n or n log n
    end
  end
end
