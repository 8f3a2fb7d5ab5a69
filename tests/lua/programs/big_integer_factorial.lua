local BASE = 10000000

local function multiply(digits, n)
  local carry = 0
  for i = 1, #digits do
    local product = digits[i] * n + carry
    digits[i] = product % BASE
    carry = product // BASE
  end
  while carry > 0 do
    digits[#digits + 1] = carry % BASE
    carry = carry // BASE
  end
end

local function to_string(digits)
  local parts = {tostring(digits[#digits])}
  for i = #digits - 1, 1, -1 do parts[#parts + 1] = ("%07d"):format(digits[i]) end
  return table.concat(parts)
end

local product = {1}
for n = 2, 40 do multiply(product, n) end
print(to_string(product))  -- expect: 815915283247897734345611269596115894272000000000
