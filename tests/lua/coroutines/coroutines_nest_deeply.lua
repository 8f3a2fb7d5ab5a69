local function nest(n)
  if n == 0 then return 0 end
  return 1 + coroutine.wrap(nest)(n - 1)
end
print(nest(50))  -- expect: 50
