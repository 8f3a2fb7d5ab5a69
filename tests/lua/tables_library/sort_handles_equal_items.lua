local t = {}
for i = 1, 100 do t[i] = i % 3 end
table.sort(t)
print(t[1], t[33], t[34], t[67], t[68], t[100])  -- expect: 0	0	1	1	2	2
