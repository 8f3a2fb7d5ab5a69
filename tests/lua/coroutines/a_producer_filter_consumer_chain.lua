local function send(x) coroutine.yield(x) end
local producer = coroutine.wrap(function() for i = 1, 6 do send(i) end end)
local filter = coroutine.wrap(function()
  for v in producer do if v % 2 == 0 then send(v * v) end end
end)
for v in filter do io.write(v, " ") end
print()  -- expect: 4 16 36
