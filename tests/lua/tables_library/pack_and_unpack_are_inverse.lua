local t = table.pack(nil, false, nil)
print(t.n, table.unpack(t, 1, t.n))  -- expect: 3	nil	false	nil
