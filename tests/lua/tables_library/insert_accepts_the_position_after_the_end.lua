local t = {1, 2}
table.insert(t, 3, "end")
print(#t, t[3])  -- expect: 3	end
