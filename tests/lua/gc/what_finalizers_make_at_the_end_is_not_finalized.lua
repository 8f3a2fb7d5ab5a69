Earlier = setmetatable({}, {__gc = function() print("last") end})
Later = setmetatable({}, {__gc = function()
  print("first") -- expect: first
  setmetatable({}, {__gc = function() print("never") end})
  os.exit(0, true)
end})
-- expect: last
