-- Tables that are marked in several pieces: what is stored, moved and removed meanwhile stays what it is.
collectgarbage("incremental", 100, 100)
local SIZE, EVERY, ROUNDS = 20000, 200, 12
local array, map, numbers = {}, {}, setmetatable({}, {__mode = "k"})
local function box(number)
  local t = {number}
  numbers[t] = number
  return t
end
for i = 1, SIZE do array[i] = i end
for i = 1, SIZE do map[-i] = i end
for i = EVERY, SIZE, EVERY do array[i] = box(i) end
for round = 1, ROUNDS do
  for i = EVERY, SIZE, EVERY * 5 do
    local j = (i + round * 37 * EVERY) % SIZE + EVERY
    if j <= SIZE then array[i], array[j] = array[j], array[i] end
    map[i + 0.5] = box(round)
    map[-i] = box(i)
    map[i - EVERY // 2 + 0.5] = nil
  end
  if round == ROUNDS // 2 then for i = #array + 1, #array + 15000 do array[i] = i end end
  collectgarbage("step", 50)
end
local sum, boxes, wrong = 0, 0, 0
for i = 1, #array do
  local value = array[i]
  sum = sum + (numbers[value] or value)
end
for key, value in pairs(map) do
  if numbers[value] then boxes = boxes + 1 end
  if key < 0 and (numbers[value] or value) ~= -key then wrong = wrong + 1 end
end
print(#array, sum == #array * (#array + 1) // 2, boxes, wrong)  -- expect: 35000	true	40	0
