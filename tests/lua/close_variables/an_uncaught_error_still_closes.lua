local x <close> = setmetatable({}, {__close = function(_, e) print("closed with", e:match("[^\n]+")) end})
print("start")  -- expect: start
local y <const> = 1
local t
-- expect: closed with	an_uncaught_error_still_closes.lua:6: attempt to index a nil value (local 't')
t.x = 1         -- expect error: attempt to index a nil value (local 't')
