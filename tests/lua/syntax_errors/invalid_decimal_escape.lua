local s = "\300"  -- expect syntax error: decimal escape too large near '"\300"'
