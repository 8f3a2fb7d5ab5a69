local t = {"a", "b", "c", "d"}
print(table.remove(t), table.remove(t, 1), table.concat(t, " "))  -- expect: d	a	b c
print(table.remove({}), table.remove({}, 0))                      -- expect: nil	nil
