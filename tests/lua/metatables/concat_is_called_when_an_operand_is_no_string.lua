local o = setmetatable({}, {__concat = function(a, b)
  return (type(a) == "table" and "o" or a) .. "|" .. (type(b) == "table" and "o" or b)
end})
print(o .. "x", "x" .. o, 1 .. o)  -- expect: o|x	x|o	1|o
