for _, n in ipairs {0, -1, math.maxinteger, math.mininteger} do
  io.write(tostring(tonumber(tostring(n)) == n), " ")
end
print()  -- expect: true true true true
