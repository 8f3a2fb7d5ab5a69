local t = {}
for round = 1, 200 do
  t["k" .. round] = round
  t["k" .. (round - 1)] = nil
end
local count = 0
for _ in pairs(t) do count = count + 1 end
print(count, t.k200)  -- expect: 1	200
