-- needs: socket, mime, ltn12, socket.url
-- A server and clients on this machine's own network, in coroutines; encodings and filters.
local socket, mime, ltn12, url = require "socket", require "mime", require "ltn12", require "socket.url"
local server = assert(socket.bind("127.0.0.1", 0))
local host, port = server:getsockname()
server:settimeout(5)
print(host, type(port), tostring(server):match("^tcp{server}"))

local clients = {}
for i = 1, 3 do
  local client = assert(socket.tcp())
  client:settimeout(5)
  assert(client:connect(host, port))
  client:setoption("tcp-nodelay", true)
  clients[i] = client
end
local function serve(connection)
  while true do
    local line, message = connection:receive()
    if not line then return message end
    connection:send(line:upper() .. "\n")
    coroutine.yield(line)
  end
end
local handlers = {}
for i, client in ipairs(clients) do
  local connection = assert(server:accept())
  connection:settimeout(5)
  handlers[i] = coroutine.wrap(serve)
  client:send("hello " .. i .. "\nagain\n")
  print(handlers[i](connection), client:receive())
  print(handlers[i](), client:receive("*l"))
  local readable = socket.select({connection, server}, nil, 0)
  print(#readable)
  client:close()
  print(handlers[i]())
end
print(server:close(), pcall(server.accept, server))

local udp = socket.udp()
assert(udp:setsockname("127.0.0.1", 0))
udp:settimeout(5)
local address, udp_port = udp:getsockname()
local sender = socket.udp()
sender:sendto("datagram", address, udp_port)
print((udp:receivefrom()))
print(socket.tcp():connect("127.0.0.1", 1))
local quiet = socket.udp()
quiet:setsockname("127.0.0.1", 0)
quiet:settimeout(0.02)
print(quiet:receive())
local begun = socket.gettime()
socket.sleep(0.05)
print(socket.gettime() - begun >= 0.05)

print(mime.b64("any carnal pleasure."), mime.unb64("YW55IGNhcm5hbA=="), mime.qp("é=\t"))
local out = {}
ltn12.pump.all(ltn12.source.string(string.rep("a line of text ", 20)),
  ltn12.sink.chain(ltn12.filter.chain(mime.encode("base64"), mime.wrap("base64", 40)), (ltn12.sink.table(out))))
print(#table.concat(out), select(2, table.concat(out):gsub("\n", "")))
local parts = url.parse("http://user@example.org:8080/a/b;p?q=1#f")
print(parts.host, parts.port, parts.path, parts.params, parts.query, parts.fragment, url.escape("a b/c"), url.unescape("a%20b"))
print(socket._VERSION:match("LuaSocket"))
