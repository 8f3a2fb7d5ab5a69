local t = {}
for i = 1, 1000 do t[#t + 1] = i end
print(#t, t[1], t[1000])  -- expect: 1000	1	1000
