local handled = 0
for i = 1, 4 do
  xpcall(function() error("e" .. i, 0) end, function(m)
    handled = handled + 1
    if m == "e3" then error("again", 0) end
    return m
  end)
end
print(handled)  -- expect: 5
