local function fails() error({}) end
print(xpcall(coroutine.wrap(fails), function(e) return "handled a " .. type(e) end))  -- expect: false	handled a table

local nested = coroutine.wrap(function() coroutine.wrap(function() error("deep", 0) end)() end)
local _, message = xpcall(nested, function(message) return "handled: " .. message end)
print((message:gsub("[%w_]+%.lua:", "")))  -- expect: handled: 4: deep
