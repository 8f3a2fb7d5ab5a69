local env = {x = 5}
print(load("y = x * 2 return x", "chunk", "t", env)(), env.y, y)  -- expect: 5	10	nil
