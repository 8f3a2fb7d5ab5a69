local function items() return coroutine.yield("ask") end
local co = coroutine.wrap(function() local n = 0 for v in items do n = n + v end return n end)
print(co())          -- expect: ask
print(co(1), co(2))  -- expect: ask	ask
print(co(nil))       -- expect: 3
