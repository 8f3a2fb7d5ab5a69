local depth
local function through_gsub()
  depth = depth + 1
  return (string.gsub("x", ".", through_gsub))
end
local function through_pcall()
  depth = depth + 1
  return pcall(through_pcall)
end
local function through_resume()
  depth = depth + 1
  return coroutine.wrap(through_resume)()
end
local grows = setmetatable({}, {})
getmetatable(grows).__index = function(t, key)
  depth = depth + 1
  local _, value = pcall(function() return t[key + 1] end)
  return value
end
local function measured(f, ...)
  depth = 0
  pcall(f, ...)
  return depth
end
print(measured(through_gsub), measured(through_pcall), measured(through_resume)) -- expect: 197	197	197
print(measured(function() return grows[1] end))                                  -- expect: 98
print(measured(coroutine.wrap(function() return measured(through_pcall) end)))   -- expect: 195
