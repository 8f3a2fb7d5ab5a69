-- over n=20,40,80,160
local n = tonumber(arg[1])
local a, b = ("abcab"):rep(n), ("bcaab"):rep(n)
local before = {}
for j = 0, n do before[j] = j end
for i = 1, n do
  local row = { [0] = i }
  for j = 1, n do -- grows n^2
    local cost = a:byte(i) == b:byte(j) and 0 or 1 -- grows n^2
    row[j] = math.min(before[j] + 1, row[j - 1] + 1, before[j - 1] + cost) -- grows n^2
  end
  before = row
end
