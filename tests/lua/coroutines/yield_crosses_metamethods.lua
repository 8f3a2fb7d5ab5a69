local mt = {
  __add = function(a, b) return coroutine.yield("add") end,
  __index = function(_, k) return coroutine.yield(k) end,
  __eq = function() return coroutine.yield("eq") end,
  __lt = function() return coroutine.yield("lt") end,
}
local o, p = setmetatable({}, mt), setmetatable({}, mt)
local co = coroutine.wrap(function() return o + 1, o.field, o == p, not (o < p) end)
print(co())      -- expect: add
print(co(10))    -- expect: field
print(co(20))    -- expect: eq
print(co(true))  -- expect: lt
print(co(true))  -- expect: 10	20	true	false
