local t = {"a", "b"}
print(t[1.0], t[2.0], t[1.5])  -- expect: a	b	nil
t[2^53] = "big"
print(t[2^53 | 0])             -- expect: big
