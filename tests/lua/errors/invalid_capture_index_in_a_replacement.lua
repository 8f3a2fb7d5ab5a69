("x"):gsub("x", "%2")  -- expect error: invalid capture index %2
