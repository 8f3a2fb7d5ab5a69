local function permute(items, n)
  n = n or #items
  if n <= 1 then coroutine.yield(table.concat(items)) return end
  for i = 1, n do
    items[n], items[i] = items[i], items[n]
    permute(items, n - 1)
    items[n], items[i] = items[i], items[n]
  end
end

local all = {}
for p in coroutine.wrap(function() permute {"a", "b", "c"} end) do all[#all + 1] = p end
print(#all, table.concat(all, " "))  -- expect: 6	bca cba cab acb bac abc
