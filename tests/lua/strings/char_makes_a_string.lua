print(string.char(72, 105), string.char() == "", #string.char(0, 255))  -- expect: Hi	true	2
