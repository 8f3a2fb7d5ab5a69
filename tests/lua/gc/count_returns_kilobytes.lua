local count = collectgarbage("count")
print(math.type(count), count > 0)  -- expect: float	true
