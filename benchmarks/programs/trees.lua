-- Allocation: binary trees that live shortly beside one that stays.
local function make(depth)
  if depth == 0 then return {} end
  return {left = make(depth - 1), right = make(depth - 1)}
end

local function count(tree)
  if not tree.left then return 1 end
  return 1 + count(tree.left) + count(tree.right)
end

local depth = tonumber(arg and arg[1]) or 16
local kept, total = make(depth), 0
for _ = 1, 4 * depth do total = total + count(make(depth - 4)) end
print(total + count(kept))
