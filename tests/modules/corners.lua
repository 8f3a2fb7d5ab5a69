-- needs: corners
-- What the C API does, seen from Lua: every part of tests/c/corners.c.
local c = require "corners"
local function show(name, ...)
  local out = table.pack(name, ...)
  for i = 1, out.n do out[i] = tostring(out[i]):gsub("0x%x%x%x%x%x+", "ADDRESS"):gsub("/[^ \n]*/corners.lua", "corners.lua") end
  print(table.concat(out, " ", 1, out.n))
end
local function try(name, f, ...) show(name, pcall(f, ...)) end

show("stack", c.stack())
show("types", c.types(nil, false, true, 1, 1.5, "10", "x", {}, print, function() end, io.stdout, coroutine.create(print), c.stack))
for _, v in ipairs{1, 2.0, 2.5, "0x10", "1e1", " 7 ", "x", true} do show("numbers", c.numbers(v)) end
show("format", c.format("abcdefghijklmnopqrstuvwxyz"))
try("format", c.format_wrongly)
for operation = 0, 13 do show("arithmetic", operation, select("#", c.arithmetic(operation, 7, 3)), c.arithmetic(operation, 7, 3)) end
try("arithmetic", c.arithmetic, 0, "10", 5)
try("arithmetic", c.arithmetic, 0, {}, 5)
try("arithmetic", c.arithmetic, 7, 1.5, 5)
try("arithmetic", c.arithmetic, 6, 1, 0)
show("arithmetic", c.arithmetic(12, setmetatable({}, {__unm = function() return "minus" end})))
show("compare", c.compare(1, 1.0))
show("compare", c.compare("a", "b"))
local ordered = {__eq = function() return true end, __lt = function() return true end, __le = function() return false end}
show("compare", c.compare(setmetatable({}, ordered), setmetatable({}, ordered)))
try("compare", c.compare, {}, {})
try("compare", c.compare, 1, "x")
show("concat", c.concat(), c.concat("one"), c.concat("a", 1, 2.5), c.concat(setmetatable({}, {__concat = function(_, b) return "with " .. b end}), "x"))
try("concat", c.concat, "a", {})
show("length", c.length("four"))
show("length", c.length(setmetatable({}, {__len = function() return 12 end})))
try("length", c.length, setmetatable({}, {__len = function() return "x" end}))
show("to_number", c.to_number("0x1p4"))
show("to_number", c.to_number("nothing"))
show("pairs_of", c.pairs_of{1, 2, 3, x = 4})
try("pairs_of", c.pairs_of, 1)
show("access", c.access{})
local log = {}
local proxy = setmetatable({}, {__index = function(_, k) return "got " .. tostring(k) end, __newindex = function(_, k, v) log[#log + 1] = tostring(k) end})
show("access", c.access(proxy))
show("access", table.concat(log, " "))
local g = {c.globals()}
show("globals", #g, set_by_c, g[3] == _G)

do
  local p = c.new_point(1, 2)
  show("point", tostring(p), c.point_values(p))
  show("point", tostring(c.new_point(5)), debug.getuservalue(p, 1), select("#", debug.getuservalue(p, 9)))
  try("point", c.point_values, io.stdout)
  try("point", c.point_values, 12)
  try("point", c.new_point, "x")
end
for i = 1, 100 do c.new_point(i) end
collectgarbage()
collectgarbage()
show("collected", c.how_many_collected() >= 100)
show("light", c.light())
show("metatables", c.metatables(setmetatable({}, {})))
try("metatables", c.metatables, {})
show("references", c.references())

local text, size, rest, replaced = c.buffers(3)
show("buffers", string.format("%q", text), size, rest, replaced)
text, size = c.buffers(1000)
show("buffers", #text == size, #text)
try("buffers", c.error_with_buffer)

show("arguments", c.arguments(1, {}, true, print))
show("arguments", c.arguments(1, {}, true, print, "red", 6, "seven"))
try("arguments", c.arguments)
try("arguments", c.arguments, 1, 2)
try("arguments", c.arguments, 1)
try("arguments", c.arguments, 1, {}, false)
try("arguments", c.arguments, 1, {}, true, setmetatable({}, {__name = "thing"}))
try("arguments", c.arguments, 1, {}, true, print, "blue")
try("arguments", c.arguments, 1, {}, true, print, "red", 1.5)
try("arguments", c.arguments, 1, {}, true, print, "red", "1x")
try("arguments", c.arguments, 1, {}, true, print, "red", 1, {})
local object = {method = c.pairs_of, number = c.to_number}
try("method", function() object:number() end)
try("method", function() object.number() end)
try("overflow", c.stack_overflow)

local count = c.new_counter(10)
show("counter", count())
show("counter", count())
show("counter", debug.getupvalue(count, 1))
show("counter", c.new_counter() ~= c.new_counter(), c.stack == c.stack)
show("same_functions", select(3, c.same_functions()))
show("call_own", c.call_own(print) ~= nil, c.call_own(tostring) ~= nil)
local a, b = 1, 2
local function one() return a end
local function two() return b end
show("upvalues", c.upvalues(one, two))
show("upvalues", one(), two(), a, b)

show("call", c.call(function(...) return select("#", ...), ... end, 1, nil, 3))
show("call", c.call_for_two(function() end))
show("call", c.call_for_two(function() return 1, 2, 3 end))
show("call", c.call(c.call, c.call, string.rep, "x", 3))
try("call", c.call)
try("call", c.call, setmetatable({}, {__call = function(_, x) return "called", x end}), 5)
show("protected", c.protected_call(function() return 1, 2 end))
show("protected", c.protected_call(error, "message", 0))
show("protected", c.protected_call(error, {}) == 2)
show("protected", c.protected_call(nil))
show("protected", c.protected_call(c.throw_text, "text"))
show("protected", c.protected_call(function() local x = nil; x.y = 1 end))
show("protected", c.protected_call(string.rep))
show("protected", c.protected_call(c.call, c.protected_call, c.call, error))
local status, message = c.traced_call(function() error("deep") end)
show("traced", status, message:match("deep"), message:match("stack traceback:") ~= nil)
show("handled", c.handled_call(function() error("first", 0) end, function(m) return m .. ", handled" end))
show("handled", c.handled_call(function() error("first", 0) end, function(m) error(m) end))
local function overflow() return overflow() + 1 end
show("overflow", (select(2, c.protected_call(overflow)):gsub(".*(stack overflow).*", "%1")))
local function recurse() return c.call(recurse) end
show("overflow", (select(2, c.protected_call(recurse)):gsub(".*(C stack overflow).*", "%1")))
show("where", c.where())
try("throw", c.throw, nil)
try("throw", c.throw, 12)
try("xpcall", xpcall, c.throw_text, function(m) return "handled " .. m end, "x")

local function closable(name) return setmetatable({}, {__close = function(_, e) show("close", name, e) end}) end
show("closing", c.closing(closable "first", closable "second", function() show("between") end))
try("closing", c.closing, closable "first", closable "second", function() error("in between", 0) end)
try("closing", c.closing, {}, closable "second", print)
show("popping", c.popping(closable "popped"))

local function resume(co, ...) show("resume", coroutine.resume(co, ...)) end
local co = coroutine.create(function(...) return "end", c.yield_plain(...) end)
resume(co, 1, 2)
resume(co, 3, 4)
resume(co)
co = coroutine.create(function(...) return "end", c.yield_with("kept", ...) end)
resume(co, 1, 2)
resume(co, 3, 4)
co = coroutine.create(function() return c.call_with(function(...) return coroutine.yield(...) end, "a", "b") end)
resume(co)
resume(co, "c")
show("call_with", c.call_with(string.upper, "no yield"))
co = coroutine.create(function() return c.pcall_with(function(x) coroutine.yield(x); error("after the yield", 0) end, "x") end)
resume(co)
resume(co)
resume(co)
co = coroutine.create(function() return c.pcall_with(function(x) return coroutine.yield(x) end, "x") end)
resume(co)
resume(co, "y", "z")
co = coroutine.create(function() return c.pcall_with(error, {}) end)
show("pcall_with", select("#", coroutine.resume(co)))
show("pcall_with", c.pcall_with(error, "outside", 0))
co = coroutine.wrap(function() return c.pcall_with(c.call_with, c.pcall_with, c.call_with, coroutine.yield, 1, 2) end)
show("nested", co())
show("nested", co("back"))
co = coroutine.wrap(c.countdown)
show("countdown", co(3), co(), co(), select("#", co()))
co = coroutine.create(function() c.call(coroutine.yield) end)
resume(co)
co = coroutine.create(function()
  local t = setmetatable({}, {__index = c.yield_plain, __add = c.yield_plain, __close = c.yield_plain})
  local got = t.key
  local sum = t + 1
  do local x <close> = t end
  return got, sum
end)
show("metamethods", select("#", coroutine.resume(co)))
show("metamethods", select("#", coroutine.resume(co, "got")))
show("metamethods", select("#", coroutine.resume(co, "sum")))
resume(co)
co = coroutine.create(function()
  for x in c.yield_plain do show("iterator", x) end
  return "over"
end)
for _, x in ipairs{0, 1, 2} do show("iterator", (coroutine.resume(co, x))) end
resume(co, nil)
show("yieldable", c.yieldable())
show("yieldable", coroutine.wrap(c.yieldable)())
show("yieldable", coroutine.wrap(function() return c.call(c.yieldable) end)())
try("yield", c.yield_plain)

local function numbers_of(...) show("run_thread", table.unpack((...))); show("run_thread", select(2, ...)) end
numbers_of(c.run_thread(function(x) while x do x = coroutine.yield(x, x .. "!") end return "done" end, "a", "b", false))
numbers_of(c.run_thread(function(x) coroutine.yield(x); error("failed", 0) end, 1, 2, 3))
numbers_of(c.run_thread(c.yield_with, "kept", "x", "y"))
numbers_of(c.run_thread(function() local x <close> = closable "unfinished"; coroutine.yield() end, 1))
numbers_of(c.run_thread(function() local x <close> = setmetatable({}, {__close = function() error("in close", 0) end}); coroutine.yield() end, 1))
numbers_of(c.run_thread(function() return c.run_thread(function() return coroutine.yield("inner") end, 1)[1] end, 1))
show("run_twice", c.run_twice(function(i) return "ran", i end))
show("other_thread", c.other_thread(function(x) return x .. " on another thread" end))
show("other_thread", c.other_thread(function(x) error(x .. " failed", 0) end))

show("load", c.load_pieces())
show("load", c.load_texts())
local up = 5
show("dump", c.dump_and_load(function(x) return x * 2 end))

local function caller() local r = {c.info(1)}; return table.unpack(r) end
show("info", c.info(0))
show("info", caller())
try("info", c.info, 1000)
show("function_info", c.function_info(function(first, second) return up end))
show("function_info", c.function_info(print))
do
  local changed, kept = "before", 7
  show("locals", changed, kept)
  local names = c.locals()
  local found = {}
  for _, text in ipairs(names) do found[text:match("^[^=]+")] = text end
  show("locals", found.changed, found.kept, changed)
end
show("hooked", c.hooked(function()
  local x = 1
  x = math.abs(x)
  return x
end))
show("hooked", c.stop_by_hook(function() while true do end end))
show("hooked", c.yield_by_hook(function()
  local sum = 0
  for i = 1, 3 do
    sum = sum + i
  end
  return sum
end))

show("collector", c.collector())
show("blocks", c.blocks())
show("extra_space", c.extra_space())
show("warnings", c.warnings(function() warn("three ", "four"); warn("@on") end))
local file = c.open_file()
show("file", io.type(file), tostring(file))
file:write("line one\n", 12, "\n")
file:seek("set")
show("file", file:read("l", "n"))
show("file", file:close())
show("file", io.type(file), tostring(file), pcall(file.read, file))
show("file", c.close_file(assert(io.tmpfile())))
local process = io.popen("exit 3")
show("file", c.close_file(process))
show("results", c.results_of_system())
show("other_state", c.other_state(string.dump(load "return string.rep('x', 10) .. #package.path > 0 and 'ran' or ''")))
show("libraries", c.libraries())
show("version", c.version())
try("version", c.wrong_version)
show("placeholder", c.placeholder)
show("names", pcall(string.rep, c.stack))
