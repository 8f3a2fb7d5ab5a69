local ok, e = pcall(table.sort, {1, "x", 2})
print(ok, e:match("^attempt to compare"))  -- expect: false	attempt to compare
