collectgarbage()
local most = 0
for i = 1, 20000 do
  local t = {i, {i}, "s" .. i}
  if i % 1000 == 0 then most = math.max(most, collectgarbage("count")) end
end
print(most < 4000)  -- expect: true
