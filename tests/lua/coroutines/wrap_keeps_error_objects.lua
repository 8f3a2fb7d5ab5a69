local object = {code = 7}
local ok, e = pcall(coroutine.wrap(function() error(object) end))
print(ok, e == object)  -- expect: false	true
