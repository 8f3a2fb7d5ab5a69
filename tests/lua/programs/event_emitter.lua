local Emitter = {}
Emitter.__index = Emitter

local function new_emitter() return setmetatable({listeners = {}}, Emitter) end

function Emitter:on(event, listener)
  local list = self.listeners[event] or {}
  self.listeners[event] = list
  list[#list + 1] = listener
  return function()
    for i, other in ipairs(list) do
      if other == listener then table.remove(list, i) return true end
    end
    return false
  end
end

function Emitter:once(event, listener)
  local remove
  remove = self:on(event, function(...) remove() listener(...) end)
end

function Emitter:emit(event, ...)
  local list = {table.unpack(self.listeners[event] or {})}
  for _, listener in ipairs(list) do listener(...) end
  return #list
end

local emitter, log = new_emitter(), {}
local remove = emitter:on("data", function(x) log[#log + 1] = "a" .. x end)
emitter:once("data", function(x) log[#log + 1] = "b" .. x end)
print(emitter:emit("data", 1), emitter:emit("data", 2))                    -- expect: 2	1
print(remove(), remove(), emitter:emit("data", 3), emitter:emit("other"))  -- expect: true	false	0	0
print(table.concat(log, " "))                                              -- expect: a1 b1 a2
