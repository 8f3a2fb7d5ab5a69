-- over n=20,40,60,80
local known = {}
local function fib(n)
  if n < 2 then return n end -- grows n
  if not known[n] then known[n] = fib(n - 1) + fib(n - 2) end -- grows n
  return known[n] -- grows n
end
fib(tonumber(arg[1]))
