print(nil, true, false)       -- expect: nil	true	false
print(type(nil), type(true))  -- expect: nil	boolean
