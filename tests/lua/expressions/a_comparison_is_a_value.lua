local smaller = 1 < 2
local same = smaller == (2 > 1)
print(smaller, same)  -- expect: true	true
local x = not (1 < 2) or "text" < "texts"
print(x)              -- expect: true
