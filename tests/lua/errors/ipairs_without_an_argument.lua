ipairs()  -- expect error: bad argument #1 to 'ipairs' (value expected)
