local function task(n)
  return coroutine.wrap(function()
    coroutine.yield(n)
    if n % 2 == 0 then error({code = n}) end
    return -n
  end)
end
local codes = {}
for n = 1, 6 do
  local f = task(n)
  f()
  local ok, e = pcall(f)
  codes[n] = ok and e or e.code
end
print(table.concat(codes, " "))  -- expect: -1 2 -3 4 -5 6
