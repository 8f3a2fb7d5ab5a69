local nan = 0 / 0
print(nan == nan, nan ~= nan)          -- expect: false	true
print(nan < nan, nan >= nan, nan < 1)  -- expect: false	false	false
print(not (nan < 1))                   -- expect: true
