local function iterations(cx, cy)
  local x, y = 0.0, 0.0
  for n = 0, 49 do
    local xx, yy = x * x, y * y
    if xx + yy > 4 then return n end
    x, y = xx - yy + cx, 2 * x * y + cy
  end
  return 50
end

for row = -4, 4 do
  for column = -12, 4 do
    local n = iterations(column / 6.25, row / 3.75)
    io.write(n == 50 and "#" or n > 6 and "+" or ".")
  end
  print()
end
-- expect: ...........+.....
-- expect: ..........+#+....
-- expect: ........+######..
-- expect: ....+#++#######..
-- expect: ##############+..
-- expect: ....+#++#######..
-- expect: ........+######..
-- expect: ..........+#+....
-- expect: ...........+.....
