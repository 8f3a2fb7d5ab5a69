local closed = 0
local function closing() return setmetatable({}, {__close = function() closed = closed + 1 end}) end
for i = 1, 5 do
  local outer <close> = closing()
  for j = 1, 5 do
    local inner <close> = closing()
    if j == i then break end
  end
  if i == 4 then break end
end
print(closed)  -- expect: 14
