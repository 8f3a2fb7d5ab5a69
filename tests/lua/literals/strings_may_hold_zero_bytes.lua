local s = "a\0b"
print(#s, s == "a", s:byte(2))  -- expect: 3	false	0
