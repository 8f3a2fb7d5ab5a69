("x"):gsub("x", function() return {} end)  -- expect error: invalid replacement value (a table)
