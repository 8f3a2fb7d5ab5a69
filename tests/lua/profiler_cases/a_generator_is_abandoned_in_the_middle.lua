local function numbers(limit)
  return coroutine.wrap(function()
    for i = 1, limit do coroutine.yield(i) end
  end)
end
local sum = 0
for round = 1, 10 do
  for n in numbers(100) do
    sum = sum + n
    if n >= round then break end
  end
end
print(sum)  -- expect: 220
