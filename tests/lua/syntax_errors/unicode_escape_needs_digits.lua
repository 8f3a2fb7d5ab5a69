local s = "\u{}"  -- expect syntax error: hexadecimal digit expected near '"\u{}'
