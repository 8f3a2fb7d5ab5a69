-- needs: luv
-- An event loop: timers, a process, a pipe, work on another thread, files.
local uv = require "luv"
local fired = {}
local timer = uv.new_timer()
timer:start(5, 5, function()
  fired[#fired + 1] = "tick"
  if #fired == 3 then timer:close() end
end)
uv.run()
print(table.concat(fired, " "), uv.loop_alive())

local path = os.tmpname()
local file = assert(uv.fs_open(path, "w", 384))
print(uv.fs_write(file, "some text", 0))
uv.fs_close(file)
print(uv.fs_stat(path).size, uv.fs_stat(path).type)
uv.fs_open(path, "r", 0, function(err, handle)
  assert(not err)
  uv.fs_read(handle, 100, 5, function(_, text) print("read", text); uv.fs_close(handle, function() print("closed") end) end)
end)
uv.run()
os.remove(path)
print(uv.fs_open("/no/such/file", "r", 0))

local output = uv.new_pipe(false)
local process
process = uv.spawn("sh", {args = {"-c", "echo from the process; exit 3"}, stdio = {nil, output, nil}}, function(code, signal)
  print("exit", code, signal)
  process:close()
end)
local pieces = {}
output:read_start(function(err, piece)
  assert(not err)
  if piece then pieces[#pieces + 1] = piece else output:close() end
end)
uv.run()
print(table.concat(pieces))

local server = uv.new_tcp()
server:bind("127.0.0.1", 0)
server:listen(8, function()
  local peer = uv.new_tcp()
  server:accept(peer)
  peer:read_start(function(_, text)
    if text then peer:write("echo " .. text) else peer:close(); server:close() end
  end)
end)
local client = uv.new_tcp()
client:connect("127.0.0.1", server:getsockname().port, function(err)
  assert(not err)
  client:write("hello")
  client:read_start(function(_, text) print(text); client:close() end)
end)
uv.run()

local work = uv.new_work(function(n) local sum = 0; for i = 1, n do sum = sum + i end; return sum, tostring(n) end,
                         function(sum, text) print("work", sum, text) end)
work:queue(1000)
uv.run()
print(pcall(uv.new_timer().start, 1))
local function failing() error("in a callback") end
print(select("#", uv.interface_addresses()) == 1, pcall(failing))
