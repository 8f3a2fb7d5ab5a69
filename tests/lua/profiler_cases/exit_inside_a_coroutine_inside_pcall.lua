print(pcall(coroutine.wrap(function()
  local sum = 0
  for i = 1, 10 do
    sum = sum + i
    if sum > 20 then print(sum) os.exit(0) end  -- expect: 21
  end
end)))
