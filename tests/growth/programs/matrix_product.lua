-- over n=5,10,15,20,30
local n = tonumber(arg[1])
local function filled()
  local rows = {}
  for i = 1, n do
    local row = {}
    for j = 1, n do row[j] = i + j end -- grows n^2
    rows[i] = row
  end
  return rows
end
local a, b, c = filled(), filled(), {}
for i = 1, n do
  local row = {}
  for j = 1, n do -- grows n^2
    local sum = 0 -- grows n^2
    for k = 1, n do -- grows n^3
      sum = sum + a[i][k] * b[k][j] -- grows n^3
    end
    row[j] = sum -- grows n^2
  end
  c[i] = row
end
