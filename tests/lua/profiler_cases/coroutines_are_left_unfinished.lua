local started = 0
for i = 1, 30 do
  local co = coroutine.wrap(function()
    for j = 1, 100 do started = started + 1 coroutine.yield(j) end
  end)
  for _ = 1, i % 4 do co() end
end
print(started)  -- expect: 45
