local t = {}
t[t] = t
print(t[t] == t, t[t[t]] == t)  -- expect: true	true
