-- Coroutines and variable arguments: a pipeline of producers and filters.
local function produce(n)
  return coroutine.wrap(function()
    for i = 1, n do coroutine.yield(i) end
  end)
end

local function filter(source, keep)
  return coroutine.wrap(function()
    for value in source do
      if keep(value) then coroutine.yield(value) end
    end
  end)
end

local function sum(...)
  local total = 0
  for i = 1, select("#", ...) do total = total + (select(i, ...)) end
  return total
end

local total = 0
for value in filter(produce(tonumber(arg and arg[1]) or 400000), function(value) return value % 3 ~= 0 end) do
  total = total + sum(value, 1, 2, 3)
end
print(total)
