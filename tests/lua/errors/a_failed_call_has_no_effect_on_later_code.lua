local n = 0
for i = 1, 3 do
  local ok = pcall(function() n = n + 1 if i == 2 then error("x") end n = n + 10 end)
end
print(n)  -- expect: 23
