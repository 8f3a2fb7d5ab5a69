print(tostring({}):match("^table: ") ~= nil)          -- expect: true
print(tostring(print):match("^function: ") ~= nil)    -- expect: true
print(tostring(nil), tostring(true), tostring(-1.5))  -- expect: nil	true	-1.5
