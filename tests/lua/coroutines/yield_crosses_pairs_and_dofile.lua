local t = setmetatable({}, {__pairs = function(t)
  local limit = coroutine.yield("in __pairs")
  return function(_, i) if i < limit then return i + 1 end end, t, 0, "left out"
end})
local co = coroutine.wrap(function()
  for i in pairs(t) do coroutine.yield(i) end
  return select("#", pairs(setmetatable({}, {__pairs = function() end})))
end)
print(co())                  -- expect: in __pairs
print(co(2), co(), co())     -- expect: 1	2	3

local name = os.tmpname()
local file = assert(io.open(name, "w"))
file:write("return coroutine.yield('in dofile'), ...")
file:close()
co = coroutine.wrap(function() return "all", dofile(name) end)
print(co())           -- expect: in dofile
print(co("resumed"))  -- expect: all	resumed
os.remove(name)
