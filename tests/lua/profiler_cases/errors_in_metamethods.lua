local mt = {
  __index = function(_, k) if k == "bad" then error("no " .. k, 0) end return k end,
  __add = function() error("no addition", 0) end,
  __lt = function() error("no order", 0) end,
  __concat = function() error("no joining", 0) end,
}
local o = setmetatable({}, mt)
local attempts = {
  function() return o.good end, function() return o.bad end, function() return o + 1 end,
  function() return o < o end, function() return o .. "x" end,
}
for _, attempt in ipairs(attempts) do print(pcall(attempt)) end
-- expect: true	good
-- expect: false	no bad
-- expect: false	no addition
-- expect: false	no order
-- expect: false	no joining
