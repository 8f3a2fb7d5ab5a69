local mt = {__lt = function(a, b)
  return (type(a) == "table" and a.v or a) < (type(b) == "table" and b.v or b)
end}
local o = setmetatable({v = 5}, mt)
print(o < 6, 6 < o, o > 4, 4 > o)  -- expect: true	false	true	false
