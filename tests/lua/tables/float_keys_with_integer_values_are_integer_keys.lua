local t = {}
t[1.0] = "a"
t[2^53] = "b"
print(t[1], t[2^53 | 0], next({[3.0] = true}))  -- expect: a	b	3	true
