-- over n=4,6,8,10,12
local moves = 0
local function move(n, from, to, by)
  if n == 0 then return end -- grows 2^n
  move(n - 1, from, by, to) -- grows 2^n
  moves = moves + 1 -- grows 2^n
  move(n - 1, by, to, from) -- grows 2^n
end -- grows 2^n
move(tonumber(arg[1]), 1, 3, 2)
