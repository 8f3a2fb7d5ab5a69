local f, g
do local x = "f" f = function() return x end end
do local x = "g" g = function() return x end end
print(f(), g())  -- expect: f	g
