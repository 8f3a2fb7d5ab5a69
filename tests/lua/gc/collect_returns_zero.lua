print(collectgarbage(), collectgarbage("collect"))  -- expect: 0	0
