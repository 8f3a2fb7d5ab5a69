local s = "\xZZ"  -- expect syntax error: hexadecimal digit expected near '"\xZ'
