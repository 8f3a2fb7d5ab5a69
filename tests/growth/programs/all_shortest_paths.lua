-- over n=6,12,18,24,36
local n, d = tonumber(arg[1]), {}
for i = 1, n do
  d[i] = {}
  for j = 1, n do d[i][j] = i == j and 0 or (i * 7 + j * 13) % 50 + 1 end -- grows n^2
end
for k = 1, n do
  for i = 1, n do -- grows n^2
    local first, second, through = d[i], d[k], d[i][k] -- grows n^2
    for j = 1, n do -- grows n^3
      if through + second[j] < first[j] then -- grows n^3
        first[j] = through + second[j] -- grows n^2 log n or n^3
      end
    end
  end
end
