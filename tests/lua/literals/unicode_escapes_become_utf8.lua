print("\u{41}")                                                -- expect: A
print(#"\u{7FF}", #"\u{800}", #"\u{10FFFF}", #"\u{7FFFFFFF}")  -- expect: 2	3	4	6
print(("\u{20AC}"):byte(1, -1))                                -- expect: 226	130	172
