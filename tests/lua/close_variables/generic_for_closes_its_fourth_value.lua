local function items()
  local closer = setmetatable({}, {__close = function() io.write("closed ") end})
  return function(_, i) if i < 3 then return i + 1 end end, nil, 0, closer
end
for i in items() do io.write(i, " ") end
for i in items() do io.write(i, " ") break end
print()  -- expect: 1 2 3 closed 1 closed
