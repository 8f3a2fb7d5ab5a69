-- Fills, reads, traverses and empties a table with keys of one kind: table_keys.lua KIND COUNT. Prints the processor time
-- in milliseconds.
local kind, count = ...
count = tonumber(count)

local function computed(key)
  return function(n)
    local keys = {}
    for i = 1, n do keys[i] = key(i) end
    return keys
  end
end

local owners = {} -- of upvalues: an id is free for another one when its upvalue is gone

local function upvalue_id(i)
  owners[i] = function() return i end
  return debug.upvalueid(owners[i], 1)
end

local others = {} -- keys of another table: what tells objects apart is far apart in those between them

local function every_eighth()
  for _ = 1, 7 do others[{}] = true end
  local key = {}
  others[key] = true
  return key
end

local kinds = {
  ["dense integers"] = computed(function(i) return i end),
  ["dense from the end"] = computed(function(i) return count + 1 - i end),
  ["sparse integers"] = computed(function(i) return i * 2654435761 % 4294967296 end),
  ["ascending with gaps"] = computed(function(i) return 100000 + i * 7 end),
  ["negative integers"] = computed(function(i) return -i end),
  ["stride 16"] = computed(function(i) return i * 16 end),
  ["stride 4096"] = computed(function(i) return i * 4096 end),
  ["high bits only"] = computed(function(i) return i << 44 end),
  ["integers as floats"] = computed(function(i) return i + 0.0 end),
  ["powers of two"] = computed(function(i) return 2.0 ^ (i % 2000 - 1000) end),
  ["fractions"] = computed(function(i) return i + 0.5 end),
  ["small fractions"] = computed(function(i) return i / count end),
  ["booleans"] = computed(function(i) return i % 2 == 0 end),
  ["tables"] = computed(function() return {} end),
  ["every eighth table"] = computed(every_eighth),
  ["functions"] = computed(function(i) return function() return i end end),
  ["light userdata"] = computed(upvalue_id),
  ["short strings"] = computed(function(i) return "id" .. i end),
  ["identifiers"] = computed(function(i) return ("user_%08d"):format(i) end),
  ["long strings"] = computed(function(i) return ("a string of more than forty characters, number "):rep(1) .. i end),
}

-- Rows that are not only filled and read.
local motions = {}

motions["sliding queue"] = function(n)
  local queue, head, tail = {}, 1, 0
  for i = 1, n do
    tail = tail + 1
    queue[tail] = i
    if tail - head >= 1000 then
      queue[head] = nil
      head = head + 1
    end
  end
end

motions["mixed removals"] = function(n)
  local t, random = {}, 1
  for i = 1, n do
    random = (random * 1103515245 + 12345) % 2147483648
    local key = random % 5000 * 64
    t[key] = i % 3 ~= 0 and i or nil
  end
end

motions["queue of fractions"] = function(n)
  local queue, head, tail = {}, 0.5, 0.5
  for i = 1, n do
    tail = tail + 1
    queue[tail] = i
    if tail - head >= 1000 then
      queue[head] = nil
      head = head + 1
    end
  end
end

motions.stack = function(n)
  local stack = {}
  for i = 1, n do
    stack[#stack + 1] = i
    if i % 3 == 0 then
      stack[#stack] = nil
      stack[#stack] = nil
    end
  end
end

local function exercise(keys)
  local t, sum = {}, 0
  for i = 1, #keys do t[keys[i]] = i end
  for i = 1, #keys do sum = sum + t[keys[i]] end
  for _, v in pairs(t) do sum = sum + v end
  for i = 1, #keys do if t[keys[i]] then t[keys[i]] = nil end end
  return sum
end

local rounds = math.max(1, 400000 // count)
local motion, elapsed = motions[kind], 0
if motion then
  local start = os.clock()
  for _ = 1, rounds do motion(count) end
  elapsed = os.clock() - start
else
  local keys = kinds[kind](count)
  collectgarbage()
  local start = os.clock()
  for _ = 1, rounds do exercise(keys) end
  elapsed = os.clock() - start
end
print(elapsed * 1000 / rounds)
