local function insertion_sort(t)
  for i = 2, #t do
    local value, j = t[i], i - 1
    while j > 0 and t[j] > value do
      t[j + 1] = t[j]
      j = j - 1
    end
    t[j + 1] = value
  end
end

local function quick_sort(t, low, high)
  low, high = low or 1, high or #t
  if low >= high then return end
  local pivot, i, j = t[(low + high) // 2], low, high
  repeat
    while t[i] < pivot do i = i + 1 end
    while t[j] > pivot do j = j - 1 end
    if i <= j then
      t[i], t[j] = t[j], t[i]
      i, j = i + 1, j - 1
    end
  until i > j
  quick_sort(t, low, j)
  return quick_sort(t, i, high)
end

local function merge_sort(t)
  if #t < 2 then return t end
  local middle = #t // 2
  local a = merge_sort({table.unpack(t, 1, middle)})
  local b = merge_sort({table.unpack(t, middle + 1)})
  local out, i, j = {}, 1, 1
  while a[i] or b[j] do
    if not b[j] or a[i] and a[i] <= b[j] then
      out[#out + 1], i = a[i], i + 1
    else
      out[#out + 1], j = b[j], j + 1
    end
  end
  return out
end

local function numbers(count)
  local t, x = {}, 7
  for i = 1, count do
    x = (x * 75 + 74) % 65537
    t[i] = x % 1000
  end
  return t
end

local a, b, c = numbers(200), numbers(200), numbers(200)
insertion_sort(a)
quick_sort(b)
local d = merge_sort(numbers(200))
table.sort(c)
local wanted = table.concat(c, ",")
print(table.concat(a, ",") == wanted, table.concat(b, ",") == wanted, table.concat(d, ",") == wanted)  -- expect: true	true	true
print(a[1], a[100], a[200])  -- expect: 2	474	999
