local s = "\u41"  -- expect syntax error: missing '{' near '"\u4'
