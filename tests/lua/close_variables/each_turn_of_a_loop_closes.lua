for i = 1, 3 do
  local x <close> = setmetatable({}, {__close = function() io.write("c", i, " ") end})
  io.write("b", i, " ")
end
print()  -- expect: b1 c1 b2 c2 b3 c3
