print(dofile("modules/adds.lua"))  -- expect: result	1
print(added)                       -- expect: 1
