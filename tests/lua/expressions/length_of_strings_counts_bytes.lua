print(#"", #"abc", #"\u{E9}")  -- expect: 0	3	2
print(-#"ab", #"ab" + 1)       -- expect: -2	3
