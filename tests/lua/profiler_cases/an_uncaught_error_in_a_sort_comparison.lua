table.sort({5, 3, 8, 1}, function(a, b)
  if a == 1 or b == 1 then error("one is odd", 0) end
  return a < b
end)
-- expect bare error: one is odd
