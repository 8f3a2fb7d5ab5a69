print(("a.b.c"):gsub("%.", "/"))                          -- expect: a/b/c	2
print(("100%"):match("%d+%%"), ("(x)"):match("%((.)%)"))  -- expect: 100%	x
print(("a\nb"):match("a.b") ~= nil)                       -- expect: true
