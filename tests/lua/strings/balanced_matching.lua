print(("f(a(b)c)d"):match("%b()"))        -- expect: (a(b)c)
print(("if x then y end"):match("%bxy"))  -- expect: x then y
print(("((unclosed)"):match("%b()"))      -- expect: (unclosed)
