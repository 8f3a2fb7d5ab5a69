-- over n=8,10,12,14,16
local function fib(n)
  if n < 2 then return n end -- grows 1.62^n
  return fib(n - 1) + fib(n - 2) -- grows 1.62^n
end
fib(tonumber(arg[1]))
