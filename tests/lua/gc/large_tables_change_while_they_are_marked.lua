-- A table that is marked in several pieces: what is stored, moved and removed meanwhile stays what it is.
collectgarbage("incremental", 100, 100)
local SIZE, EVERY = 40000, 100
local array, map = {}, {}
for i = 1, SIZE do array[i] = i % EVERY == 0 and {i} or i end
for i = 1, SIZE do map[-i] = i end
for round = 1, 30 do
  for i = EVERY, SIZE, EVERY * 10 do
    local j = (i + round * 37 * EVERY) % SIZE + EVERY
    if j <= SIZE then array[i], array[j] = array[j], array[i] end
    map[i + 0.5] = {round}
    map[-i] = {-i}
    map[i - EVERY // 2 + 0.5] = nil
  end
  if round % 10 == 0 then for i = #array + 1, #array + 9000 do array[i] = i end end
  collectgarbage("step", 50)
end
local sum, count = 0, 0
for i = 1, #array do
  local value = array[i]
  sum = sum + (type(value) == "table" and value[1] or value)
end
for key, value in pairs(map) do
  if type(value) == "table" then count = count + 1 end
  if key < 0 then assert(value == -key or value[1] == key) end
end
print(#array, sum == #array * (#array + 1) // 2, count)  -- expect: 67000	true	80
