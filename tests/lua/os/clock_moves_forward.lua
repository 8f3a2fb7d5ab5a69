local start = os.clock()
for _ = 1, 1000 do end
print(math.type(start), os.clock() >= start)  -- expect: float	true
