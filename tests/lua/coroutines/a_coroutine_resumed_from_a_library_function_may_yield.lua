local co = coroutine.wrap(function(c)
  while true do c = coroutine.yield(c .. "x") end
end)
print((string.gsub("abc", ".", co)))  -- expect: axbxcx

local less = coroutine.wrap(function(a, b)
  while true do a, b = coroutine.yield(a < b) end
end)
local t = {3, 1, 2}
table.sort(t, less)
print(table.concat(t, " "))  -- expect: 1 2 3
