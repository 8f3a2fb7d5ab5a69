print(load("return select('#', ...), ...")("a", "b"))  -- expect: 2	a	b
