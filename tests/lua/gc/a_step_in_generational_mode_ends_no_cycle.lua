print(collectgarbage("step"), collectgarbage("step", 1000000))  -- expect: false	false
collectgarbage("incremental")
print(collectgarbage("step", 1000000))  -- expect: true
