local env = {}
loadfile("modules/adds.lua", "t", env)()
print(env.added, added)  -- expect: 1	nil
