-- over n=8,16,32,64,128,256
local function product(a, b, n)
  if n == 1 then return { a[1] * b[1] } end -- grows n^1.58
  local half, al, ah, bl, bh, as, bs = n // 2, {}, {}, {}, {}, {}, {} -- grows n^1.58
  for i = 1, half do -- grows n^1.58
    al[i], ah[i], bl[i], bh[i] = a[i], a[i + half], b[i], b[i + half] -- grows n^1.58
    as[i], bs[i] = al[i] + ah[i], bl[i] + bh[i] -- grows n^1.58
  end
  product(al, bl, half) -- grows n^1.58
  product(ah, bh, half) -- grows n^1.58
  return product(as, bs, half) -- grows n^1.58
end
local n, a = tonumber(arg[1]), {}
for i = 1, n do a[i] = i end
product(a, a, n)
