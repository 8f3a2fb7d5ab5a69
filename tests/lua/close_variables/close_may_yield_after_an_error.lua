local function closing(name, fails)
  return setmetatable({}, {__close = function(_, message)
    coroutine.yield(name .. " " .. tostring(message))
    if fails then error(fails, 0) end
  end})
end

local co = coroutine.wrap(function()
  return pcall(function()
    local a <close> = closing("a")
    local b <close> = closing("b", "from b")
    local c <close> = closing("c")
    error("first", 0)
  end)
end)
print(co())  -- expect: c first
print(co())  -- expect: b first
print(co())  -- expect: a from b
print(co())  -- expect: false	from b

co = coroutine.wrap(function()
  return xpcall(function()
    local a <close> = closing("a")
    error("second", 0)
  end, function(message) return "handled " .. message end)
end)
print(co())  -- expect: a handled second
print(co())  -- expect: false	handled second
