local function walk(t)
  if type(t) ~= "table" then coroutine.yield(t) return end
  for _, v in ipairs(t) do walk(v) end
end
local out = {}
for v in coroutine.wrap(function() walk {1, {2, {3, 4}}, 5} end) do out[#out + 1] = v end
print(table.concat(out, ","))  -- expect: 1,2,3,4,5
