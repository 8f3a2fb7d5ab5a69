for i = 1, 3 do
  local x <close> = setmetatable({}, {__close = function() io.write("close", i, " ") end})
  if i == 2 then break end
end
print()  -- expect: close1 close2
