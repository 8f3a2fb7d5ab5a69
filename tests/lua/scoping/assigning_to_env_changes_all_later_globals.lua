local print = print
_ENV = {}
x = 1
print(x, _ENV.x, _G)  -- expect: 1	1	nil
