-- over n=3,4,5,6,7
local items, found = {}, 0
for i = 1, tonumber(arg[1]) do items[i] = i end
local function permute(k)
  if k == 1 then found = found + 1 return end -- grows n!
  for i = 1, k do -- grows n!
    permute(k - 1) -- grows n!
    local j = k % 2 == 0 and i or 1 -- grows n!
    items[j], items[k] = items[k], items[j] -- grows n!
  end
end -- grows n!
permute(#items)
