local events = {}
local function note(event)
  local info = debug.getinfo(2, "nStr")
  events[#events + 1] = event .. " " .. (info.name or info.what) .. ":" .. info.ntransfer
end
local function callee(...) return ... end
local function tail(x) return callee(x, x) end
debug.sethook(note, "cr")
tail(1)
math.abs(-1)
pcall(error, "caught")
debug.sethook()
for _, event in ipairs(events) do print(event) end
-- expect: return sethook:0
-- expect: call tail:1
-- expect: tail call Lua:0
-- expect: return Lua:2
-- expect: call abs:1
-- expect: return abs:1
-- expect: call pcall:2
-- expect: call C:1
-- expect: return pcall:2
-- expect: call sethook:0
