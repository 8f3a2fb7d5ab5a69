print(table.concat(table.move({1, 2, 3}, 2, 3, 1), " "))  -- expect: 2 3 3
print(table.concat(table.move({1, 2, 3}, 1, 3, 2), " "))  -- expect: 1 1 2 3
