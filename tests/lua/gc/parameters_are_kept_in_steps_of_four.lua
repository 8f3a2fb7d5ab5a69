print(collectgarbage("setpause", 151), collectgarbage("setpause", 5000), collectgarbage("setpause", 0)) -- expect: 200	148	904
print(collectgarbage("setpause", 200)) -- expect: 0
collectgarbage("setstepmul", 401)
print(collectgarbage("setstepmul", 100)) -- expect: 400
collectgarbage("incremental", 0, 0, 200)
for i = 1, 1e5 do local _ = {i} end
print(collectgarbage("count") < 1e5) -- expect: true
