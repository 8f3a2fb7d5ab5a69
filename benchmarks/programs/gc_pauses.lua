-- Holds about 100 MB of tables, strings and closures, changes them, and tells how long the program stood still, in
-- milliseconds of its processor time: the longest pauses first.
collectgarbage(arg[1] or "incremental")

local COUNT = 330000
local CHANGES = 2000000
local SHOWN = 5

local live = {}
for i = 1, COUNT do
  live[i] = {id = i, name = "n" .. i, next = live[i - 1], f = (i % 4 == 0) and function() return i end or nil}
end
local megabytes = collectgarbage("count") * 1024 / 1e6

local clock, pauses = os.clock, {}
local last = clock()
for i = 1, CHANGES do
  live[i % COUNT + 1] = {id = i, name = "m" .. (i % 1000)}
  local now = clock()
  if now - last > 0.0002 then pauses[#pauses + 1] = now - last end
  last = now
end

table.sort(pauses, function(a, b) return a > b end)
print(string.format("%.0f", megabytes))
for i = 1, SHOWN do print(string.format("%.3f", (pauses[i] or 0) * 1000)) end
