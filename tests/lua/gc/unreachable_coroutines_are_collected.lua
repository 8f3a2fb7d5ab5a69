local before
for round = 1, 2 do
  for _ = 1, 500 do
    local co
    co = coroutine.wrap(function() local self = co coroutine.yield(self) end)
    co()
  end
  collectgarbage() collectgarbage()
  before = before or collectgarbage("count")
end
print(collectgarbage("count") - before < 50)  -- expect: true
