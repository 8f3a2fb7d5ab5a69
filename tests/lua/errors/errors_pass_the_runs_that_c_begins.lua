-- A function that the library calls back runs in the machine anew. What it throws passes that run, unless it catches it.
local function sort_with(compare) table.sort({3, 1, 2}, compare) end

print(pcall(sort_with, function() error("no order", 0) end))                       -- expect: false	no order
print(type(select(2, pcall(string.gsub, "abc", "%w", function(c) error({c}) end))))    -- expect: table
print(select(2, xpcall(string.gsub, function(e) return e .. "!" end, "abc", "b", function() error("b", 0) end))) -- expect: b!

-- runs inside runs, none of which catches
local function nest(depth)
  if depth == 0 then error("deep", 0) end
  sort_with(function() string.gsub("x", "x", function() nest(depth - 1) end) end)
end
for _ = 1, 3 do print(pcall(nest, 20)) end
-- expect: false	deep
-- expect: false	deep
-- expect: false	deep

-- one in the middle catches, and the one around it goes on
local caught = {}
table.sort({3, 1, 2}, function(a, b)
  local ok, message = pcall(string.gsub, "x", "x", function() error(a .. b, 0) end)
  caught[#caught + 1] = not ok and #message
  return a < b
end)
print(caught[1], #caught >= 2)                                                     -- expect: 2	true

-- what is pending is closed on the way, innermost first
local order = {}
local function closing(name) return setmetatable({}, {__close = function(_, e) order[#order + 1] = name .. ":" .. tostring(e) end}) end
pcall(function()
  local outer <close> = closing("outer")
  sort_with(function()
    local inner <close> = closing("inner")
    string.gsub("x", "x", function()
      local innermost <close> = closing("innermost")
      error("e", 0)
    end)
  end)
end)
print(table.concat(order, " "))                                                    -- expect: innermost:e inner:e outer:e

-- a coroutine in a callback, one that dies in it, and a callback in a coroutine
print((string.gsub("ab", "%w", coroutine.wrap(function(c) while true do c = coroutine.yield(c .. c) end end)))) -- expect: aabb
print(pcall(string.gsub, "ab", "%w", coroutine.wrap(function() error("dies", 0) end)))                          -- expect: false	dies
print(coroutine.resume(coroutine.create(function() sort_with(function() error("in it", 0) end) end)))           -- expect: false	in it
print(coroutine.resume(coroutine.create(function() sort_with(coroutine.yield) end)))
-- expect: false	attempt to yield across a C-call boundary
print(coroutine.wrap(function()
  local ok = pcall(sort_with, function() error() end)
  return coroutine.yield(ok)
end)())                                                                            -- expect: false

-- the library calls pcall itself
print((string.gsub("a", "a", pcall)))                                              -- expect: a
print(pcall(string.gsub, "a", "a", error))                                         -- expect: false	a
local t = setmetatable({}, {__index = function(_, k) error("no " .. k, 0) end})
print(pcall(table.concat, t, "", 1, 1))                                            -- expect: false	no 1

-- too deep, and all is well afterwards
local function endless() return (string.gsub("x", "x", endless)) end
print(select(2, pcall(endless)):match("C stack overflow"))                         -- expect: C stack overflow
print(pcall(nest, 20))                                                             -- expect: false	deep
