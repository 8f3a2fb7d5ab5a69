local function failing(limit)
  local i = 0
  return function()
    i = i + 1
    if i > limit then error("at " .. i, 0) end
    return i
  end
end
local seen = 0
for limit = 0, 4 do
  print(pcall(function() for _ in failing(limit) do seen = seen + 1 end end))
end
-- expect: false	at 1
-- expect: false	at 2
-- expect: false	at 3
-- expect: false	at 4
-- expect: false	at 5
print(seen)  -- expect: 10
