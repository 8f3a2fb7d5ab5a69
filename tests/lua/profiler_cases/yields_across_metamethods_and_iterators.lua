local o = setmetatable({}, {__add = function(_, n) return coroutine.yield(n) end})
local co = coroutine.wrap(function()
  local sum = 0
  for i in coroutine.wrap(function() for k = 1, 4 do coroutine.yield(k) end end) do
    sum = sum + (o + i)
  end
  return "sum " .. sum
end)
local v = co()
while type(v) == "number" do v = co(v * 10) end
print(v)  -- expect: sum 100
