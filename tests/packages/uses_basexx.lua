package.path = package.path .. ";/usr/share/lua/5.3/?.lua;/usr/share/lua/5.1/?.lua"
local basexx = require "basexx"
local bytes = {}
for i = 0, 255 do bytes[#bytes + 1] = string.char(i) end
for _, text in ipairs{"", "f", "fo", "foo", "foob", "Hello, World!", table.concat(bytes)} do
  for _, name in ipairs{"bit", "hex", "base32", "crockford", "base64", "url64"} do
    local encoded = basexx["to_" .. name](text)
    print(name, encoded, basexx["from_" .. name](encoded) == text)
  end
end
print(basexx.to_z85("perilune"), basexx.from_z85(basexx.to_z85("perilune")))
print(basexx.from_base64("a!b"), basexx.from_hex("zz"), basexx.from_base64("Zm9v\nYmFy", "\n"))
