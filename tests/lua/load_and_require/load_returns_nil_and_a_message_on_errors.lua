print(load("return +"))      -- expect: nil	[string "return +"]:1: unexpected symbol near '+'
print(load("x =", "=name"))  -- expect: nil	name:1: unexpected symbol near <eof>
