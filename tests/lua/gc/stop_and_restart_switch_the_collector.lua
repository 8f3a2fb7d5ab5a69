print(collectgarbage("isrunning"))                             -- expect: true
print(collectgarbage("stop"), collectgarbage("isrunning"))     -- expect: 0	false
print(collectgarbage("restart"), collectgarbage("isrunning"))  -- expect: 0	true
