local function insert(tree, value)
  if not tree then return {value = value} end
  local side = value < tree.value and "left" or "right"
  tree[side] = insert(tree[side], value)
  return tree
end

local function walk(tree)
  if not tree then return end
  walk(tree.left)
  coroutine.yield(tree.value)
  walk(tree.right)
end

local function height(tree) return tree and 1 + math.max(height(tree.left), height(tree.right)) or 0 end

local tree
for _, v in ipairs {50, 30, 70, 20, 40, 60, 80, 10, 45} do tree = insert(tree, v) end
local out = {}
for v in coroutine.wrap(function() walk(tree) end) do out[#out + 1] = v end
print(table.concat(out, " "), height(tree))  -- expect: 10 20 30 40 45 50 60 70 80	4
