-- needs: cqueues, cqueues.socket, cqueues.condition
-- A scheduler of coroutines in C: sockets, signals between coroutines, errors in one of them.
local cqueues, socket, condition = require "cqueues", require "cqueues.socket", require "cqueues.condition"
local queue = cqueues.new()
local order = {}
queue:wrap(function() cqueues.sleep(0.5); order[#order + 1] = "slow" end)
queue:wrap(function() cqueues.sleep(0.001); order[#order + 1] = "fast" end)
print(queue:loop())
print(table.concat(order, " "))

local left, right = socket.pair()
queue:wrap(function()
  left:write("one\n", "two\n")
  left:flush()
  print("answer", left:read("*l"))
  left:close()
end)
queue:wrap(function()
  for line in right:lines("*l") do
    print("line", line)
    if line == "two" then right:write("got both\n"); right:flush(); break end
  end
  right:close()
end)
print(queue:loop())

local ready = condition.new()
local value
queue:wrap(function() ready:wait(); print("signalled", value) end)
queue:wrap(function() cqueues.sleep(0.01); value = 12; ready:signal() end)
print(queue:loop())
queue:wrap(function() error("in a coroutine", 0) end)
print((select(2, queue:loop())))
local count = 0
for _ = 1, 100 do queue:wrap(function() for _ = 1, 10 do cqueues.sleep(0); count = count + 1 end end) end
print(queue:loop(), count, queue:empty())
