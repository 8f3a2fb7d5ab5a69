print(io.type(io.stdout), io.type(42), io.type({}))  -- expect: file	nil	nil
print(tostring(io.stdout):match("^file %(") ~= nil)  -- expect: true
