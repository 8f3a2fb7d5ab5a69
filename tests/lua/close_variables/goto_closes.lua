do
  local n = 0
  ::top::
  do
    local x <close> = setmetatable({}, {__close = function() io.write("close ") end})
    n = n + 1
    if n < 3 then goto top end
  end
end
print()  -- expect: close close close
