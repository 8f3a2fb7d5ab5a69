-- A table that is marked in several pieces: what is stored, moved and removed meanwhile stays what it is.
collectgarbage("incremental", 100, 100)
local array, map, weak = {}, {}, setmetatable({}, {__mode = "v"})
for i = 1, 40000 do array[i] = {i} end
for i = 1, 20000 do map["k" .. i] = {i} end
for round = 1, 60 do
  for i = 1, 40000, 61 do
    local j = (i * 7 + round * 131) % 40000 + 1
    array[i], array[j] = array[j], array[i]
    map["new" .. round .. "/" .. i] = {round}
    map["k" .. (i + round) % 20000] = {-round}
    map["new" .. (round - 2) .. "/" .. i] = nil
  end
  if round % 20 == 0 then for i = #array + 1, #array + 9000 do array[i] = {i} end end
  collectgarbage("step", 50)
end
local sum, count = 0, 0
for i = 1, #array do sum = sum + array[i][1] end
for _, entry in pairs(map) do count = count + #entry end
print(#array, sum == #array * (#array + 1) // 2, count > 20000)  -- expect: 67000	true	true
