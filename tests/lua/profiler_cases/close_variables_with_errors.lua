local log = {}
local function closing(name, fails)
  return setmetatable({}, {__close = function(_, e)
    log[#log + 1] = name .. (e and "!" or "")
    if fails then error(name, 0) end
  end})
end
for i = 1, 3 do
  pcall(function()
    local a <close> = closing("a" .. i)
    local b <close> = closing("b" .. i, i == 2)
    if i == 3 then error("body") end
  end)
end
print(table.concat(log, " "))  -- expect: b1 a1 b2 a2! b3! a3!
