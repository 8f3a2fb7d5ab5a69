local fs, i = {}, 1
while i <= 3 do
  local j = i
  fs[i] = function() j = j * 2 return j end
  i = i + 1
end
print(fs[1](), fs[1](), fs[3]())  -- expect: 2	4	6
