-- The Lua functions of fuzz_api.c's scripts: they end by themselves, and call what they are given.
local shared = 0
return {
  function(...) return ... end,
  function(f, ...) shared = shared + 1 return f(...) end,
  function(f, ...) return pcall(f, ...) end,
  function(f, ...) return select("#", xpcall(f, function(message) return message end, ...)) end,
  function(f, ...) return coroutine.wrap(f)(...) end,
  function(...) return coroutine.isyieldable() and coroutine.yield(...) end,
  function(a, b) return a .. b .. shared end,
  function(a, b) return a == b or a < b end,
  function(t) local n = 0 for _ in pairs(t) do n = n + 1 if n > 20 then break end end return n end,
  function(t) for i = 1, 5 do t[i] = i t["x" .. i] = {} end return #t end,
  function(x) local closed <close> = x return function(y) x = y shared = y return x end end,
  function(t, f) return setmetatable({ f, x = t }, { __index = f, __call = f, __close = f, __gc = f, __concat = f }) end,
  function(t) return setmetatable({ t }, { __mode = "kv", __index = t }) end,
  function(message) error(message, 2) end,
  function(a, b) table.sort({ a, b, a }, function(x, y) return tostring(x) < tostring(y) end) return a + b end,
  function(s, f) return ("abc"):gsub("%a", f), string.format("%s", s), collectgarbage("step") end,
}
