print(("aXbX"):match("%l", 2), ("abc"):match("^b", 2), ("abc"):match("c", -1))  -- expect: b	b	c
