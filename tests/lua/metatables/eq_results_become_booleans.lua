local mt = {__eq = function() return 1 end}
print(setmetatable({}, mt) == setmetatable({}, mt))  -- expect: true
mt.__eq = function() return nil end
print(setmetatable({}, mt) ~= setmetatable({}, mt))  -- expect: true
