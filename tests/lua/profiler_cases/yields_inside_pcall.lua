local co = coroutine.wrap(function()
  local results = {}
  for i = 1, 6 do
    local ok, e = pcall(function()
      local v = coroutine.yield(i)
      if v % 2 == 0 then error("even", 0) end
      return v
    end)
    results[i] = tostring(e)
  end
  return table.concat(results, " ")
end)
local value = co()
while type(value) == "number" do value = co(value) end
print(value)  -- expect: 1 even 3 even 5 even
