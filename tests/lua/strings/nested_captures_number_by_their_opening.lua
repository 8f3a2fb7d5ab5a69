print(("abcd"):match("((a)(b(c)))"))  -- expect: abc	a	bc	c
