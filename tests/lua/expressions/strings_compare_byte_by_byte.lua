print("a" < "b", "a" < "B", "" < "a")            -- expect: true	false	true
print("abc" < "abd", "ab" < "abc", "b" < "abc")  -- expect: true	true	false
print("a\0b" < "a\0c", "a" <= "a")               -- expect: true	true
