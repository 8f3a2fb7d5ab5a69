-- over n=50,100,150,250
local n, close = tonumber(arg[1]), 0
for i = 1, n do
  for j = i + 1, n do -- grows n^2
    if (i * j) % 7 == 3 then -- grows n^2
      close = close + 1 -- grows n^2
    end
  end
end
