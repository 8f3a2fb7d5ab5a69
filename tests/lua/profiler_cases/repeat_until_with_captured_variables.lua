local fs, n = {}, 0
repeat
  local k = n
  n = n + 1
  fs[n] = function() k = k + 1 return k end
until k >= 9 and fs[1]() > 0
local sum = 0
for _, f in ipairs(fs) do sum = sum + f() end
print(n, sum)  -- expect: 10	56
