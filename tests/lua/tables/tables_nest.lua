local t = {list = {1, {2, {3}}}}
print(t.list[2][2][1], #t.list)   -- expect: 3	2
t.list[2][2].deep = {t}
print(t.list[2][2].deep[1] == t)  -- expect: true
