local function count(a, b, ...) return (a and 1 or 0) + (b and 1 or 0) + select("#", ...) end
local function run(...)
  local least = 4
  for _ = 1, 20000 do least = math.min(least, count(function() end, function() end, ...)) end
  return least
end
print(run(1, 2)) -- expect: 4
