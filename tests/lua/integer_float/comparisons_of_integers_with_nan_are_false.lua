local nan = 0/0
print(1 < nan, 1 > nan, 1 <= nan, 1 == nan)  -- expect: false	false	false	false
