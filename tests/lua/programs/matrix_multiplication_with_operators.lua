local Matrix = {}
Matrix.__index = Matrix

local function matrix(rows) return setmetatable(rows, Matrix) end

function Matrix.__mul(a, b)
  local product = {}
  for i = 1, #a do
    product[i] = {}
    for j = 1, #b[1] do
      local sum = 0
      for k = 1, #b do sum = sum + a[i][k] * b[k][j] end
      product[i][j] = sum
    end
  end
  return matrix(product)
end

function Matrix.__pow(m, n)
  if n == 1 then return m end
  local half = m ^ (n // 1 // 2 | 0)
  return n % 2 == 0 and half * half or half * half * m
end

function Matrix:__tostring()
  local lines = {}
  for i, row in ipairs(self) do lines[i] = table.concat(row, " ") end
  return table.concat(lines, "; ")
end

print(matrix {{1, 2}, {3, 4}} * matrix {{0, 1}, {1, 0}})  -- expect: 2 1; 4 3
print(matrix {{1, 1}, {1, 0}} ^ 30)                       -- expect: 1346269 832040; 832040 514229
