local function count(n, sum)
  if n == 0 then return sum end
  return count(n - 1, sum + 1)
end
print(count(300000, 0))  -- expect: 300000
