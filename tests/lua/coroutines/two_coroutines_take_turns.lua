local out = {}
local function worker(name) return coroutine.wrap(function()
  for i = 1, 3 do out[#out + 1] = name .. i coroutine.yield() end
end) end
local a, b = worker("a"), worker("b")
for _ = 1, 3 do a() b() end
print(table.concat(out, " "))  -- expect: a1 b1 a2 b2 a3 b3
