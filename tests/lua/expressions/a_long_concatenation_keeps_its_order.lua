local a, b = "a", "b"
print(a .. b .. 1 .. a .. 2.5 .. b .. a .. b .. "!" .. a)  -- expect: ab1a2.5bab!a
