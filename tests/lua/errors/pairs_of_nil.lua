for k in pairs(nil) do end  -- expect error: bad argument #1 to 'for iterator' (table expected, got nil)
