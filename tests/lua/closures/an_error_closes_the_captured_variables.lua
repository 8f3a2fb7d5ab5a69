local f
pcall(function()
  local x = "kept"
  f = function() return x end
  error("stop")
end)
print(f())  -- expect: kept
