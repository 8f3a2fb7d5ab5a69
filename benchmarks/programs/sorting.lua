-- Callbacks: sorting with a comparison in Lua, and a quicksort of its own.
local function quicksort(t, low, high)
  while low < high do
    local pivot, i, j = t[(low + high) // 2], low, high
    while i <= j do
      while t[i] < pivot do i = i + 1 end
      while pivot < t[j] do j = j - 1 end
      if i <= j then
        t[i], t[j] = t[j], t[i]
        i, j = i + 1, j - 1
      end
    end
    quicksort(t, low, j)
    low = i
  end
end

local function numbers(n, seed)
  local t = {}
  for i = 1, n do
    seed = (seed * 1103515245 + 12345) % 2147483648
    t[i] = seed
  end
  return t
end

local n = tonumber(arg and arg[1]) or 150000
local one, two = numbers(n, 1), numbers(n, 1)
table.sort(one, function(a, b) return a < b end)
quicksort(two, 1, n)
for i = 1, n do assert(one[i] == two[i]) end
print(one[1], two[n])
