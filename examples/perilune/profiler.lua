-- The module perilune.profiler for other Lua machines: nothing is measured, and nothing fails.
-- Put it where `require "perilune.profiler"` finds it; under Perilune the built-in module comes first.

local profiler = {}

local function nothing() end

local zone = setmetatable({}, {__close = nothing, __name = "profiler zone"})

function zone.close(self)
  assert(self == zone, "bad argument #1 to 'close' (zone expected)")
end

profiler.start = nothing
profiler.stop = nothing

function profiler.zone(name)
  assert(type(name) == "string" or type(name) == "number", "bad argument #1 to 'zone' (string expected)")
  return zone
end

function profiler.is_running()
  return false
end

return profiler
