print(pcall(load, function() return 5 == 5 end))  -- expect: true	nil	reader function must return a string
