local s = "\q"  -- expect syntax error: invalid escape sequence near '"\q'
