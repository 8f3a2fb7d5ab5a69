local Queue = {}
Queue.__index = Queue

function Queue:push(priority, value)
  local i = #self + 1
  while i > 1 and self[i // 2].priority > priority do
    self[i] = self[i // 2]
    i = i // 2
  end
  self[i] = {priority = priority, value = value}
end

function Queue:pop()
  local top, last = self[1], table.remove(self)
  if #self == 0 then return top and top.value end
  local i = 1
  while true do
    local child = 2 * i
    if child > #self then break end
    if child < #self and self[child + 1].priority < self[child].priority then child = child + 1 end
    if last.priority <= self[child].priority then break end
    self[i] = self[child]
    i = child
  end
  self[i] = last
  return top.value
end

local queue, out = setmetatable({}, Queue), {}
for i, word in ipairs {"six", "one", "four", "two", "five", "three"} do
  queue:push(({6, 1, 4, 2, 5, 3})[i], word)
end
while #queue > 0 do out[#out + 1] = queue:pop() end
print(table.concat(out, " "), queue:pop())  -- expect: one two three four five six	nil
