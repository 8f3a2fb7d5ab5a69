local function last(a, b, c) return a, b, c end
local function first(a, b, c)
  local d, e = 4, 5
  return last(a + d - e)
end
print(first(1, 2, 3))                         -- expect: 0	nil	nil
local function wide(n)
  local a, b, c, d, e, f, g, h, i, j, k, l = n, n, n, n, n, n, n, n, n, n, n, n
  return a + b + c + d + e + f + g + h + i + j + k + l
end
local function narrow(n) return wide(n) end   -- its frame becomes that of a function with more slots
print(narrow(1), narrow(2))                   -- expect: 12	24
