math.randomseed(42)
local a, b, c = math.random(1000), math.random(1000), math.random()
math.randomseed(42)
print(a == math.random(1000), b == math.random(1000), c == math.random())  -- expect: true	true	true
