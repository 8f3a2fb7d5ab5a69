print(pcall(pcall, error, "inner"))  -- expect: true	false	inner
print(pcall(function()
  local ok, e = pcall(error, "first", 0)
  error(e .. " second", 0)
end))                                -- expect: false	first second
