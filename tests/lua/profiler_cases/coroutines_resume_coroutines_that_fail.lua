local function nest(n)
  if n == 0 then error("core", 0) end
  local co = coroutine.create(nest)
  local ok, e = coroutine.resume(co, n - 1)
  error(n .. (ok and "?" or "<") .. e, 0)
end
print(pcall(nest, 5))  -- expect: false	5<4<3<2<1<core
