local function memoize(f)
  local results = {}
  return function(n)
    local result = results[n]
    if result == nil then
      result = f(n)
      results[n] = result
    end
    return result
  end
end

local calls = 0
local fib
fib = memoize(function(n)
  calls = calls + 1
  return n < 2 and n or fib(n - 1) + fib(n - 2)
end)
print(fib(80), calls)  -- expect: 23416728348467685	81
