print(table.concat({1, 2.5, "x"}, ", "))                         -- expect: 1, 2.5, x
print(table.concat({}, ",") == "", table.concat({"only"}, ","))  -- expect: true	only
