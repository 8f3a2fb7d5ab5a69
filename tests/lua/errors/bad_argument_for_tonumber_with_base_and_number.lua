tonumber(10, 10)  -- expect error: bad argument #1 to 'tonumber' (string expected, got number)
