-- c_calls.lua FOLDER KIND COUNT: prints how many milliseconds a kind of call takes that many times. The module is in FOLDER.
package.cpath = arg[1] .. "/?.so"
local module <const> = require("c_calls")
local kind <const>, count <const> = arg[2], tonumber(arg[3])

local function same(i) return i end

local function fail(i)
  if i > 0 then error("no") end
end

local function numbers(n)
  local list, seed = {}, 42
  for i = 1, n do
    seed = (seed * 1103515245 + 12345) % 2147483648
    list[i] = seed
  end
  return list
end

local kinds <const> = {
  ["no argument"] = function(n)
    local f <const> = module.none
    for _ = 1, n do f() end
  end,
  ["one argument"] = function(n)
    local f <const>, sum = module.one, 0
    for i = 1, n do sum = sum + f(i) end
  end,
  ["two arguments"] = function(n)
    local f <const>, sum = module.two, 0
    for i = 1, n do sum = sum + f(i, 1) end
  end,
  ["three arguments"] = function(n)
    local f <const>, sum = module.three, 0
    for i = 1, n do sum = sum + f(i, 0.5, 1) end
  end,
  ["lua_call"] = function(n) module.call(same, n) end,
  ["lua_pcall"] = function(n) module.pcall(same, n) end,
  ["lua_pcall of an error"] = function(n) module.pcall(fail, n // 4) end,
  ["luaL_Buffer, short"] = function(n)
    local f <const>, length = module.buffer, 0
    for _ = 1, n // 8 do length = length + #f("text", 4) end
  end,
  ["luaL_Buffer, long"] = function(n) module.buffer("some text", n) end,
  ["userdata: methods"] = function(n)
    local counter <const> = module.counter()
    for i = 1, n // 2 do
      counter:add(i)
      counter:value()
    end
  end,
  ["userdata: __index in C"] = function(n)
    local counter <const>, sum = module.counter(), 0
    debug.getmetatable(counter).__index = module.counter_index
    for _ = 1, n do sum = sum + counter.twice end
  end,
  ["userdata: __index in Lua"] = function(n)
    local counter <const>, sum = module.counter(), 0
    debug.getmetatable(counter).__index = function(_, name) return #name end
    for _ = 1, n do sum = sum + counter.twice end
  end,
  ["new userdata"] = function(n)
    local f <const> = module.counter
    for _ = 1, n // 4 do f() end
  end,
  ["table.sort, comparator"] = function(n)
    table.sort(numbers(n // 16), function(a, b) return a > b end)
  end,
  ["string.gsub, function"] = function(n)
    local words = 0
    string.gsub(string.rep("word ", n // 4), "%a+", function() words = words + 1 end)
  end,
}

kinds[kind](1000)
local begun <const> = os.clock()
kinds[kind](count)
print((os.clock() - begun) * 1000)
