local total = 0
for i = 1, 10 do
  local f = load("local n = ... for k = 1, " .. i .. " do n = n + k end return n")
  total = total + f(i)
  if i % 3 == 0 then pcall(load("error('x')")) end
end
print(total)  -- expect: 275
