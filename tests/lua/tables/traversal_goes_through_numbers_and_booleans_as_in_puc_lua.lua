-- The array part, then the nodes by main position, with collisions placed from the end.
local function order(t)
  local keys = {}
  for key in pairs(t) do keys[#keys + 1] = tostring(key) end
  print(table.concat(keys, " "))
end

local months = {[0] = "January", "February", "March", "April", "May", "June", "July", "August", "September", "October",
  "November", "December", [12] = "Jan", [13] = "Feb", [14] = "Mar"}
order(months) -- expect: 1 2 3 4 5 6 7 8 9 10 11 0 13 14 12
order {[true] = 1, [false] = 2, [1] = 3, [-1] = 4, [0] = 5} -- expect: false true 0 -1 1
-- expect: 1e+300 4.9406564584125e-324 -3.25 -inf 2.5 1.5 inf
order {[1.5] = 1, [2.5] = 2, [-3.25] = 3, [1e300] = 4, [1 / 0] = 5, [-1 / 0] = 6, [5e-324] = 7}
-- expect: 9223372036854775807 1152921504606846976 1099511627776 10 1048576 100 -9223372036854775808
order {[1 << 20] = 1, [1 << 40] = 2, [1 << 60] = 3, [math.mininteger] = 4, [math.maxinteger] = 5, [100] = 6, [10] = 7}

local t = {}
for i = 30, 2, -4 do t[i] = i end
for i = 30, 2, -8 do t[i] = nil end
for i = -3, 3 do t[i] = i end
order(t) -- expect: 1 2 -2 -1 3 10 18 26 -3 0
