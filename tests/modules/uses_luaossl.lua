-- needs: openssl.digest, openssl.hmac, openssl.cipher, openssl.pkey, openssl.bignum
local digest, hmac, cipher, pkey, bignum =
  require "openssl.digest", require "openssl.hmac", require "openssl.cipher", require "openssl.pkey", require "openssl.bignum"
local function hex(bytes) return (bytes:gsub(".", function(c) return ("%02x"):format(c:byte()) end)) end
print(hex(digest.new("sha256"):final("abc")))
print(hex(hmac.new("key", "sha1"):final("The quick brown fox jumps over the lazy dog")))
local key, iv = string.rep("k", 16), string.rep("i", 16)
local encrypted = cipher.new("aes-128-cbc"):encrypt(key, iv):final("a secret message")
print(hex(encrypted))
print(cipher.new("aes-128-cbc"):decrypt(key, iv):final(encrypted))
local rsa = pkey.new{type = "RSA", bits = 1024}
local signature = rsa:sign(digest.new("sha256"):update("document"))
print(rsa:verify(signature, digest.new("sha256"):update("document")), rsa:verify(signature, digest.new("sha256"):update("other")))
print(tostring(bignum.new("123456789012345678901234567890") * bignum.new(1000)))
print(bignum.new(10) < bignum.new(11), bignum.new(7) % 4 == bignum.new(3))
local ok, message = pcall(digest.new, "no such digest")
print(ok, message:match("%(.*"))
