local values = {1, false, nil, 4}
local i = 0
for v in function() i = i + 1 return values[i] end do io.write(tostring(v), " ") end
print(i)  -- expect: 1 false 3
