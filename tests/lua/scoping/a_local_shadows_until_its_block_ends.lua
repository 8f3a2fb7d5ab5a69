local x = 1
if true then
  local x = x + 1
  print(x)  -- expect: 2
end
print(x)    -- expect: 1
