local t = {get = function() end}
print(t:get().x)  -- expect error: attempt to index a nil value
