local t = {[0] = "zero", [-1] = "minus", "one"}
print(#t, t[0], t[-1])  -- expect: 1	zero	minus
