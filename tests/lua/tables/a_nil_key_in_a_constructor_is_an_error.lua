local key
local t = {[key] = 1}  -- expect error: table index is nil
