local s = "h\u{E9}llo"
print(#s, s:sub(2, 3) == "\xC3\xA9", s:upper() == "H\xC3\xA9LLO", s:byte(2))  -- expect: 6	true	true	195
