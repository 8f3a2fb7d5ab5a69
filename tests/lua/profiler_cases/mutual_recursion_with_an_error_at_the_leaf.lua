local even, odd
function even(n) if n == 0 then error("leaf", 0) end local r = odd(n - 1) return not r end
function odd(n) if n == 0 then return true end local r = even(n - 1) return not r end
for n = 1, 6 do io.write(tostring(pcall(even, n)), " ") end
print()  -- expect: true false true false true false
