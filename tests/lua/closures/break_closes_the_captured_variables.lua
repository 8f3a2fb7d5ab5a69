local f
for i = 1, 5 do
  local x = i * 10
  f = function() return x + i end
  if i == 2 then break end
end
local y, z = "overwrite", "slots"
print(f(), y, z)  -- expect: 22	overwrite	slots
