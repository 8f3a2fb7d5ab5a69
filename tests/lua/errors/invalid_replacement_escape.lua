("x"):gsub("x", "%a")  -- expect error: invalid use of '%' in replacement string
