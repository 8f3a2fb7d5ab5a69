local function add(a, b)
  local out, carry = {}, 0
  for i = 0, math.max(#a, #b) - 1 do
    local sum = carry + (tonumber(a:sub(-i - 1, -i - 1)) or 0) + (tonumber(b:sub(-i - 1, -i - 1)) or 0)
    out[#out + 1] = sum % 10
    carry = sum // 10
  end
  if carry > 0 then out[#out + 1] = carry end
  return table.concat(out):reverse()
end

local a, b = "0", "1"
for _ = 1, 150 do a, b = b, add(a, b) end
print(a)  -- expect: 9969216677189303386214405760200
