local words = {"b", "abc", "ab", "", "B", "a"}
table.sort(words)
print(table.concat(words, ","))  -- expect: ,B,a,ab,abc,b
