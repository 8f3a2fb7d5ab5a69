-- Runs many small programs in one process: the file named by the first argument holds them, each after a line with its
-- length. Writes what each did, in a form that does not depend on addresses or on the order of a table.
local create, format, gsub, concat, type, pairs, pcall = coroutine.create, string.format, string.gsub, table.concat, type, pairs, pcall
local isnan = function(v) return v ~= v end

local show
local function show_table(t, depth)
  if depth > 3 then return "{...}" end
  local parts = {}
  for k, v in next, t do parts[#parts + 1] = "[" .. show(k, depth + 1) .. "]=" .. show(v, depth + 1) end
  table.sort(parts)
  return "{" .. concat(parts, ",") .. "}"
end

function show(v, depth)
  local kind = math.type(v)
  if kind == "integer" then return format("%d", v) end
  if kind == "float" then return isnan(v) and "nan" or format("%.17g", v) .. "f" end
  kind = type(v)
  if kind == "string" then
    return '"' .. gsub(v, '[%c\\"\128-\255]', function(c) return format("\\%03d", c:byte()) end) .. '"'
  end
  if kind == "nil" or kind == "boolean" then return tostring(v) end
  if kind == "table" then return show_table(v, depth) end
  return kind
end

local out = {}

local function log(...)
  if #out >= 400 then return end
  local parts = table.pack(...)
  for i = 1, parts.n do parts[i] = show(parts[i], 0) end
  out[#out + 1] = concat(parts, " ", 1, parts.n)
end

local ticks
-- Every loop of a program asks it whether to stop.
local function tick()
  ticks = ticks - 1
  return ticks < 0
end

-- Logs what a call gives, or the error.
local function try(f, ...)
  log(pcall(f, ...))
end

-- What a loop assigns must not double in length at every turn.
local function clip(v)
  return type(v) == "string" and #v > 100 and v:sub(1, 100) or v
end

-- With a second argument, programs that run long are ended; what they did is of no use.
local limited, too_long = arg[2] ~= nil, false
local function limit(thread)
  debug.sethook(thread, function() too_long = true error("too long", 0) end, "", 1000000)
  return thread
end

local function environment()
  local env = {clip = clip, log = log, print = log, tick = tick, try = try}
  for _, name in ipairs {"assert", "error", "getmetatable", "ipairs", "load", "next", "pairs", "pcall", "rawequal", "rawget",
                         "rawlen", "rawset", "select", "setmetatable", "tonumber", "tostring", "type", "xpcall", "collectgarbage",
                         "math", "string", "table", "utf8", "coroutine", "debug"} do
    env[name] = _G[name]
  end
  env._G = env
  if limited then env.coroutine = setmetatable({create = function(f) return limit(create(f)) end}, {__index = coroutine}) end
  return env
end

local function run(text)
  ticks, out, too_long = 60, {}, false
  local env = environment()
  local program, message = load(text, "=program", "t", env)
  if not program then return log("syntax", message) end
  log(pcall(program))
end

local file = assert(io.open(arg[1], "rb"))
for length in file:lines() do
  local text = file:read(tonumber(length))
  file:read(1)
  local thread = create(run)
  if limited then limit(thread) end
  local ok, message = coroutine.resume(thread, text)
  if not ok then out[#out + 1] = "driver: " .. show(message, 0) end
  if too_long then out = {"too long"} end
  io.write(#out, "\n", concat(out, "\n"), "\n"):flush()
end
