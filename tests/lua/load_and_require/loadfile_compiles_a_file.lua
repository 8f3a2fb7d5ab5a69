local f = loadfile("modules/adds.lua")
print(added, f(), f())                 -- expect: nil	result	result	2
print(loadfile("modules/absent.lua"))  -- expect: nil	cannot open modules/absent.lua: No such file or directory
