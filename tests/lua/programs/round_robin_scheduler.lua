local ready, log = {}, {}

local function spawn(name, body)
  table.insert(ready, {name = name, co = coroutine.create(body)})
end

local function run()
  while #ready > 0 do
    local task = table.remove(ready, 1)
    local ok, e = coroutine.resume(task.co, task.name)
    if not ok then
      log[#log + 1] = task.name .. " failed: " .. e
    elseif coroutine.status(task.co) ~= "dead" then
      table.insert(ready, task)
    end
  end
end

local function steps(count) return function(name)
  for i = 1, count do
    log[#log + 1] = name .. i
    coroutine.yield()
  end
end end

spawn("a", steps(3))
spawn("b", function(name) steps(1)(name) error("oh", 0) end)
spawn("c", function(name) spawn("d", steps(2)) steps(2)(name) end)
run()
print(table.concat(log, " "))  -- expect: a1 b1 c1 a2 b failed: oh d1 c2 a3 d2
