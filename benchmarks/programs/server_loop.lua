-- A million requests through closures, string building and tables, as a server would see them. Prints the megabytes that
-- the heap holds after each tenth.
local REQUESTS = tonumber(arg[1]) or 1000000

local sessions, routes = {}, {}

local function route(pattern, handler) routes[#routes + 1] = {pattern = pattern, handler = handler} end

route("^/user/(%d+)$", function(request, id)
  local session = sessions[id]
  if not session then
    session = {id = id, visits = 0, seen = {}}
    sessions[id] = session
  end
  session.visits = session.visits + 1
  session.seen[session.visits % 8] = request.path
  return 200, {user = id, visits = session.visits}
end)

route("^/list$", function(request)
  local rows = {}
  for i = 1, 10 do rows[i] = {key = "k" .. i, value = request.number * i} end
  return 200, rows
end)

local function encode(value)
  if type(value) ~= "table" then return string.format("%q", tostring(value)) end
  local parts = {}
  for key, item in pairs(value) do parts[#parts + 1] = tostring(key) .. ":" .. encode(item) end
  return "{" .. table.concat(parts, ",") .. "}"
end

local function middleware(handler)
  return function(request)
    local status, body = handler(request)
    local headers = setmetatable({}, {__index = {["content-type"] = "text"}})
    headers.length = #body
    return status, headers, body
  end
end

local function dispatch(request)
  for _, entry in ipairs(routes) do
    local captured = request.path:match(entry.pattern)
    if captured then
      local status, value = entry.handler(request, captured)
      return status, encode(value)
    end
  end
  return 404, "not found"
end

local log, bytes = {}, 0
for number = 1, REQUESTS do
  local path = number % 3 == 0 and "/list" or number % 7 == 0 and "/none" or "/user/" .. number % 5000
  local status, headers, body = middleware(dispatch)({path = path, number = number})
  bytes = bytes + headers.length
  log[number % 100] = status .. " " .. path .. " " .. #body
  if number % 1000 == 0 then sessions = {} end
  if number % (REQUESTS // 10) == 0 then print(string.format("%.1f", collectgarbage("count") * 1024 / 1e6)) end
end
print(bytes)
