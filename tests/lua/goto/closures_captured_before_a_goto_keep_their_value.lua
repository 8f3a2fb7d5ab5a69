local first
do
  local k = 0
  ::top::
  local x = k
  first = first or function() return x end
  k = k + 1
  if k < 3 then goto top end
end
print(first())  -- expect: 0
