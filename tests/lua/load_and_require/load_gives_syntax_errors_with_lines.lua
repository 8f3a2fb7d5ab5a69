print(load("x = 1\ny = = 2", "=c"))    -- expect: nil	c:2: unexpected symbol near '='
print(load("for i = 1 do end", "=c"))  -- expect: nil	c:1: ',' expected near 'do'
print(load("if x then", "=c"))         -- expect: nil	c:1: 'end' expected near <eof>
print(load("x = 'abc", "=c"))          -- expect: nil	c:1: unfinished string near <eof>
