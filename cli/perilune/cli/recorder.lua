-- Perilune's recorder: begins to record the Lua state that runs this file, of Lua 5.1 to 5.4 or LuaJIT.
-- `perilune record` has interpreters run it by LUA_INIT; a host without that loads it by one line of its start-up file:
--   dofile("recorder.lua")
-- Without `perilune record`, whose environment says where to record to, it does nothing.
local getenv = os and os.getenv
local folder = getenv and getenv("PERILUNE_RECORDER_FOLDER")
local loaded = package and package.loaded or {}
local MARK = "perilune.recorder"

-- What LUA_INIT was, and the program relies on.
local function run_program_init()
  local version = _VERSION:match("%d%.%d"):gsub("%.", "_")
  local init = getenv("PERILUNE_RECORDER_LUA_INIT_" .. version) or getenv("PERILUNE_RECORDER_LUA_INIT")
  if not init or init == "" then return end
  if init:sub(1, 1) == "@" then
    dofile(init:sub(2))
  else
    assert((loadstring or load)(init, "=LUA_INIT"))()
  end
end

-- The recorder in C does all of it better: it has a timer, and knows of new coroutines without replacing functions.
local function attach_probe()
  local path = getenv("PERILUNE_RECORDER_PROBE")
  if not path or path == "" or not (package and package.loadlib) then return false end
  local attach = package.loadlib(path, "perilune_attach")
  if not attach then return false end
  local is_running, is_attached = pcall(attach)
  return is_running and is_attached == true
end

local interval = (tonumber(getenv and getenv("PERILUNE_RECORDER_INTERVAL_NS") or nil) or 1000000) / 1e9
local counts_lines = getenv and getenv("PERILUNE_RECORDER_MODE") == "hits"
local getinfo, sethook, clock = debug and debug.getinfo, debug and debug.sethook, os and os.clock
local MOST_FRAMES = 200

-- The file: vm/recorder/recording.h of Perilune's source says what stands in it.
local file
local functions, nodes = {}, {}
local function_count, node_count = 0, 0

local ESCAPES = { ["\n"] = "\\n", ["\r"] = "\\r", ["\t"] = "\\t", ["\\"] = "\\\\" }
local function put(...)
  local fields = { ... }
  for i = 1, select("#", ...) do fields[i] = tostring(fields[i]):sub(1, 1024):gsub("[\n\r\t\\]", ESCAPES) end
  file:write(table.concat(fields, "\t") .. "\n")
end

local function open_file()
  for attempt = 1, 100 do
    local path = ("%s/lua-%d-%s-%d.recording"):format(folder, os.time(), tostring({}):match("(%w+)$"), attempt)
    local existing = io.open(path, "r")
    if not existing then
      file = io.open(path, "a")
      if not file then return false end
      file:setvbuf("no") -- a crash takes nothing
      local host = (arg and (arg[-1] or arg[0])) or ""
      file:write("perilune-recording 1\n")
      put("P", 0, "cpu", ("%d"):format(interval * 1e9), os.time(), host)
      return true
    end
    existing:close()
  end
  return false
end

-- Names of the library's functions, by function.
local names = {}
local function find_names()
  for module, value in pairs(loaded) do
    if type(module) == "string" and type(value) == "table" then
      for key, member in next, value do
        if type(key) == "string" and type(member) == "function" then
          if module == "_G" then
            names[member] = key
          else
            names[member] = names[member] or module .. "." .. key
          end
        end
      end
    end
  end
end

local function number_of(key, kind, first, last, source, name)
  local known = functions[key]
  if known and (known.name or not name) then return known.number end
  if not known then
    function_count = function_count + 1
    known = { number = function_count }
    functions[key] = known
  end
  known.name = name
  put("F", known.number, kind, first, last, source, name or "")
  return known.number
end

-- The function and line of one activation; `at` gives what debug.getinfo knows of it.
local function place(at, level)
  local info = at(level, "Sl")
  if not info then return nil end
  if info.what == "C" then
    local f = at(level, "f").func
    local name = names[f]
    if not name and not functions[f] then
      find_names()
      name = names[f] or at(level, "n").name
    end
    return number_of(f, "C", 0, 0, "", name), 0
  end
  if info.what == "tail" then return number_of("tail", "T", 0, 0, "", "(tail calls)"), 0 end
  local source = info.source:sub(1, 1) == "@" and info.source or info.short_src
  local key = source .. ":" .. info.linedefined .. ":" .. info.lastlinedefined
  local known = functions[key]
  local name
  if not (known and known.name) then name = info.what == "main" and "main chunk" or at(level, "n").name end
  return number_of(key, "L", info.linedefined, info.lastlinedefined, source, name), info.currentline
end

local function node_below(parent, number, line)
  local below = nodes[parent]
  if not below then
    below = {}
    nodes[parent] = below
  end
  local key = number .. ":" .. line
  local node = below[key]
  if not node then
    node_count = node_count + 1
    node = node_count
    below[key] = node
    put("N", node, parent, number, line)
  end
  return node
end

local function stack_node(at, level)
  local numbers, lines, count = {}, {}, 0
  while count < MOST_FRAMES do
    local number, line = place(at, level + count)
    if not number then break end
    count = count + 1
    numbers[count], lines[count] = number, line
  end
  local node = 0
  if count == MOST_FRAMES then node = node_below(0, number_of("deep", "T", 0, 0, "", "(calls not shown)"), 0) end
  for i = count, 1, -1 do node = node_below(node, numbers[i], lines[i]) end
  return node
end

local charged, cost = 0, 0
local function sample(at, level, ticks, condition)
  local begin = clock()
  local node = stack_node(at, level)
  if node ~= 0 then
    local ns = math.max(0, begin - charged) * 1e9
    put("S", 1, node, ticks, ("%.0f"):format(ns), ("%.0f"):format(cost * 1e9), condition)
  end
  charged = clock()
  cost = charged - begin
end

-- LuaJIT's own profiler, which works in compiled code.
local function start_jit_profile()
  local is_there, profile = pcall(require, "jit.profile")
  if not is_there then return false end
  local thread
  local function at(level, what) return getinfo(thread, level, what) end
  put("V", 1, "LuaJIT", "jit.profile")
  charged = clock()
  profile.start("li" .. math.max(1, math.floor(interval * 1000)), function(interrupted, samples, condition)
    thread = interrupted
    sample(at, 0, samples, condition)
  end)
  return true
end

-- Every coroutine has a hook of its own: `start` is called for each, those that are made later too, and those that
-- functions, tables and upvalues lead to.
local function in_every_coroutine(start)
  start(nil)
  if not coroutine then return end
  local create, wrap = coroutine.create, coroutine.wrap
  coroutine.create = function(f)
    local made = create(f)
    start(made)
    return made
  end
  local function results(is_fine, ...)
    if is_fine then return ... end
    error((...), 0)
  end
  coroutine.wrap = function(f)
    local resume = wrap(f)
    local _, made = debug.getupvalue(resume, 1)
    if type(made) == "thread" then
      start(made)
      return resume
    end
    made = coroutine.create(f) -- 5.1 shows nothing of functions in C
    return function(...) return results(coroutine.resume(made, ...)) end
  end
  local seen, waiting = {}, { _G, loaded, debug.getregistry and debug.getregistry() or nil }
  local function note(value)
    local kind = type(value)
    if (kind == "table" or kind == "function" or kind == "thread") and not seen[value] then
      seen[value] = true
      waiting[#waiting + 1] = value
      if kind == "thread" then start(value) end
    end
  end
  while #waiting > 0 do
    local value = table.remove(waiting)
    if type(value) == "table" then
      for key, member in next, value do
        note(key)
        note(member)
      end
    elseif type(value) == "function" then
      for i = 1, 255 do
        local name, member = debug.getupvalue(value, i)
        if not name then break end
        note(member)
      end
    end
  end
end

local function hook_in(coroutine, hook, mask, count)
  if coroutine then
    if not debug.gethook(coroutine) then sethook(coroutine, hook, mask, count) end
  else
    sethook(hook, mask, count)
  end
end

local INSTRUCTIONS = 10000 -- between two looks at the clock

-- How many times as long a loop of cheap instructions takes under the hook: it is the most that the hook costs.
local function cost_of_hook()
  local function loop()
    local begin, sum = clock(), 0
    for i = 1, 100000 do sum = sum + i % 7 end
    return clock() - begin
  end
  loop()
  local plain = math.min(loop(), loop(), loop())
  sethook(function() end, "", INSTRUCTIONS)
  local hooked = math.min(loop(), loop(), loop())
  sethook()
  return plain > 0 and math.max(1, hooked / plain) or 1
end

local function start_count_hook()
  local function at(level, what) return getinfo(level + 4, what) end
  put("V", 1, _VERSION, "count hook")
  put("K", 1, ("%.2f"):format(cost_of_hook()))
  charged = clock()
  local seed = os.time()
  local hook
  hook = function()
    local passed = clock() - charged
    if passed >= interval then sample(at, 2, 1, "-") end
    seed = (seed * 16807) % 2147483647
    sethook(hook, "", INSTRUCTIONS / 2 + seed % INSTRUCTIONS) -- so that no program runs in step with it
  end
  in_every_coroutine(function(coroutine) hook_in(coroutine, hook, "", INSTRUCTIONS) end)
  return true
end

local function start_line_hook()
  local hits, changed, flushed = {}, {}, clock()
  put("V", 1, jit and "LuaJIT" or _VERSION, "line hook")
  if jit then jit.off() end -- compiled code calls no hooks
  local function flush()
    for node in next, changed do put("H", node, hits[node]) end
    changed, flushed = {}, clock()
  end
  local events = 0
  local function at(level, what) return getinfo(level + 3, what) end
  local function hook()
    local number, line = place(at, 1)
    local node = node_below(0, number, line)
    hits[node] = (hits[node] or 0) + 1
    changed[node] = true
    events = events + 1
    if events >= 1000 then
      events = 0
      if clock() - flushed > 0.05 then flush() end
    end
  end
  local exit = os.exit
  os.exit = function(...)
    flush()
    return exit(...)
  end
  local guard = { __gc = flush }
  local kept = newproxy and newproxy(true) or setmetatable({}, guard)
  if newproxy then getmetatable(kept).__gc = flush end
  loaded[MARK] = kept
  in_every_coroutine(function(coroutine) hook_in(coroutine, hook, "l") end)
end

if folder and not loaded[MARK] then
  loaded[MARK] = true
  if not attach_probe() and getinfo and sethook and clock and io and open_file() then
    if counts_lines then
      start_line_hook()
    elseif not (jit and start_jit_profile()) then
      start_count_hook()
    end
  end
  run_program_init()
end
