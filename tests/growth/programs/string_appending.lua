-- over n=100,200,400,800
local n, text = tonumber(arg[1]), ""
for i = 1, n do -- grows n
  text = text .. "x" -- grows n, allocates n^2
end
local piece = {}
for i = 1, n do piece[#piece + 1] = "x" end -- grows n, allocates n
local whole = table.concat(piece)
