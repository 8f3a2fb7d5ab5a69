-- over n=2,4,6,8,10,12
local function grown(depth)
  if depth == 0 then return {} end -- grows 2^n
  return { grown(depth - 1), grown(depth - 1) } -- grows 2^n
end
local function count(tree)
  if not tree[1] then return 1 end -- grows 2^n
  return 1 + count(tree[1]) + count(tree[2]) -- grows 2^n
end
count(grown(tonumber(arg[1])))
