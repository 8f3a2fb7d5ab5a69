local s = "\u{41"  -- expect syntax error: missing '}' near '"\u{41"'
