local function closing(name)
  return setmetatable({}, {__close = function() coroutine.yield(name) end})
end

local function open_results(...)
  local a <close> = closing("a")
  local b <close> = setmetatable({}, {__close = coroutine.yield})
  return ...
end

local co = coroutine.wrap(function() return "results", open_results(1, nil, 3, nil) end)
print(type(co()))  -- expect: table
print(co())        -- expect: a
print(co())        -- expect: results	1	nil	3	nil

co = coroutine.wrap(function()
  for i in (function(_, i) if i < 2 then return i + 1 end end), nil, 0, closing("loop") do
    coroutine.yield(i)
  end
  return "end"
end)
print(co(), co(), co(), co())  -- expect: 1	2	loop	end
