local alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"

local function encode(data)
  local out = {}
  for i = 1, #data, 3 do
    local a, b, c = data:byte(i, i + 2)
    local bits = a << 16 | (b or 0) << 8 | (c or 0)
    for shift = 18, 0, -6 do
      local index = (bits >> shift & 63) + 1
      out[#out + 1] = alphabet:sub(index, index)
    end
    if not c then out[#out] = "=" end
    if not b then out[#out - 1] = "=" end
  end
  return table.concat(out)
end

local function decode(text)
  local bits, count, out = 0, 0, {}
  for c in text:gmatch("[%w+/]") do
    bits, count = bits << 6 | alphabet:find(c, 1, true) - 1, count + 6
    if count >= 8 then
      count = count - 8
      out[#out + 1] = string.char(bits >> count & 255)
    end
  end
  return table.concat(out)
end

for _, s in ipairs {"M", "Ma", "Man", "Hello, World!"} do
  assert(decode(encode(s)) == s)
  io.write(encode(s), " ")
end
print()  -- expect: TQ== TWE= TWFu SGVsbG8sIFdvcmxkIQ==
