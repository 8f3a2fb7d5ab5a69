local ok, e = pcall(error, "first")
local ok2, e2 = pcall(function() error("message") end)  -- expect error: message
error(e2, 0)
