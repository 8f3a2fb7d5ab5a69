for _ = 1, 100 do
  local x, i, j = math.random(), math.random(6), math.random(-2, 2)
  assert(x >= 0 and x < 1)
  assert(i >= 1 and i <= 6 and math.type(i) == "integer")
  assert(j >= -2 and j <= 2)
end
print(math.random(5, 5), math.type(math.random(0)))  -- expect: 5	integer
