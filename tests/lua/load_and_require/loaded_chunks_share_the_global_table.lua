shared = 1
load("shared = shared + 1")()
print(shared)  -- expect: 2
