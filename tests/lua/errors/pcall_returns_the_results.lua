print(pcall(function(...) return ... end, 1, 2))  -- expect: true	1	2
print(pcall(error))                               -- expect: false	nil
print(pcall(error, nil))                          -- expect: false	nil
