print(("hello"):find("l"))      -- expect: 3	3
print(("hello"):find("xyz"))    -- expect: nil
print(("hello"):find("l", 4))   -- expect: 4	4
print(("hello"):find("l", -1))  -- expect: nil
print(("hello"):find(""))       -- expect: 1	0
print(("hello"):find("", 10))   -- expect: nil
print(("hello"):find("", 6))    -- expect: 6	5
