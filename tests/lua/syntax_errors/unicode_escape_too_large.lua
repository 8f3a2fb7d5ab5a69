local s = "\u{80000000}"  -- expect syntax error: UTF-8 value too large near '"\u{80000000'
