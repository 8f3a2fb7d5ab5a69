local to = {9, 9, 9, 9}
print(table.move({1, 2}, 1, 2, 3, to) == to, table.concat(to, " "))  -- expect: true	9 9 1 2
print(#table.move({1, 2, 3}, 1, 0, 1, {}))                           -- expect: 0
