local t = setmetatable({}, {__index = function(_, i) if i <= 3 then return i * i end end})
for i, v in ipairs(t) do io.write(i, "=", v, " ") end
print()  -- expect: 1=1 2=4 3=9
