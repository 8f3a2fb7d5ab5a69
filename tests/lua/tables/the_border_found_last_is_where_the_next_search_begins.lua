local t = {1, 2, 3, 4, 5, 6, 7, 8}
t[7], t[8] = nil, nil
print(#t) -- expect: 6
t[8] = 8
print(#t) -- expect: 8
t[8] = nil
print(#t) -- expect: 6
print(t[8], #t) -- expect: nil	6
t[2] = nil
print(#t) -- expect: 6
table.insert(t, 7)
print(#t) -- expect: 7
table.remove(t)
print(#t, t[7]) -- expect: 6	nil
