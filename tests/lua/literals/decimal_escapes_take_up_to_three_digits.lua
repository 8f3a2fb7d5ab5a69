print("\65\066\0677")  -- expect: ABC7
print(#"\0\00\000")    -- expect: 3
