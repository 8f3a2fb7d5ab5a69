local function rotate(x, n) return (x >> n | x << 32 - n) & 0xffffffff end

local primes = {}
do
  local n = 2
  while #primes < 64 do
    local prime = true
    for _, p in ipairs(primes) do if n % p == 0 then prime = false break end end
    if prime then primes[#primes + 1] = n end
    n = n + 1
  end
end

local function fraction_bits(root) return math.floor(root % 1 * 2^32) end

local K, H = {}, {}
for i = 1, 64 do K[i] = fraction_bits(primes[i] ^ (1 / 3)) end
for i = 1, 8 do H[i] = fraction_bits(primes[i] ^ 0.5) end

local function sha256(message)
  local h = {table.unpack(H)}
  local length = #message * 8
  message = message .. "\x80" .. ("\0"):rep((55 - #message) % 64)
  for shift = 56, 0, -8 do message = message .. string.char(length >> shift & 255) end
  for chunk = 1, #message, 64 do
    local w = {}
    for i = 1, 16 do
      local a, b, c, d = message:byte(chunk + i * 4 - 4, chunk + i * 4 - 1)
      w[i] = a << 24 | b << 16 | c << 8 | d
    end
    for i = 17, 64 do
      local x, y = w[i - 15], w[i - 2]
      local s0 = rotate(x, 7) ~ rotate(x, 18) ~ x >> 3
      local s1 = rotate(y, 17) ~ rotate(y, 19) ~ y >> 10
      w[i] = w[i - 16] + s0 + w[i - 7] + s1 & 0xffffffff
    end
    local a, b, c, d, e, f, g, k = table.unpack(h)
    for i = 1, 64 do
      local s1 = rotate(e, 6) ~ rotate(e, 11) ~ rotate(e, 25)
      local t1 = k + s1 + (e & f ~ ~e & g) + K[i] + w[i]
      local s0 = rotate(a, 2) ~ rotate(a, 13) ~ rotate(a, 22)
      local t2 = s0 + (a & b ~ a & c ~ b & c)
      k, g, f, e, d, c, b, a = g, f, e, d + t1 & 0xffffffff, c, b, a, t1 + t2 & 0xffffffff
    end
    for i, v in ipairs {a, b, c, d, e, f, g, k} do h[i] = h[i] + v & 0xffffffff end
  end
  return ("%08x"):rep(8):format(table.unpack(h))
end

print(sha256(""))              -- expect: e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855
print(sha256("abc"))           -- expect: ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad
print(sha256(("a"):rep(200)))  -- expect: c2a908d98f5df987ade41b5fce213067efbcc21ef2240212a41e54b5e7c28ae5
