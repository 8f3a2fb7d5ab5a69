local f
f = function() f = nil return "once" end
print(f(), f)  -- expect: once	nil
