print(("abc"):upper())              -- expect: ABC
print(("x"):rep(3), #("x"):rep(3))  -- expect: xxx	3
