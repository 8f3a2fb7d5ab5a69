("x"):gsub("x", true)  -- expect error: bad argument #2 to 'gsub' (string/function/table expected, got boolean)
