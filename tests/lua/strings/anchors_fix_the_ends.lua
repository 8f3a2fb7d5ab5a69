print(("hello"):match("^hel"), ("hello"):match("^ello"))  -- expect: hel	nil
print(("hello"):match("llo$"), ("hello"):match("hel$"))   -- expect: llo	nil
print(("a^b$c"):match("a^b$c"))                           -- expect: a^b$c
