local closed = 0
for i = 1, 6 do
  local co = coroutine.create(function()
    local x <close> = setmetatable({}, {__close = function() closed = closed + 1 end})
    for _ = 1, 10 do coroutine.yield() end
  end)
  for _ = 1, i do coroutine.resume(co) end
  if i % 2 == 0 then coroutine.close(co) end
end
print(closed)  -- expect: 3
