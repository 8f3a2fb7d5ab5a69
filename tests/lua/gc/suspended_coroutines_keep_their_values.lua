local co = coroutine.wrap(function()
  local t = {value = "kept"}
  coroutine.yield()
  return t.value
end)
co()
collectgarbage()
for _ = 1, 1000 do local _ = {} end
print(co())  -- expect: kept
