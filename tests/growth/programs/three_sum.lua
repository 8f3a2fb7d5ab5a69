-- over n=10,20,30,40
local n, found = tonumber(arg[1]), 0
for i = 1, n do
  for j = i + 1, n do -- grows n^2
    for k = j + 1, n do -- grows n^3
      if i * j == k then found = found + 1 end -- grows n^3
    end
  end
end
